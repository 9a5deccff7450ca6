/* Where a new VMA has no operations, a mapping made by remap_pfn_range() can look anonymous. */
/* --- file: Makefile */
VERSION = 4
PATCHLEVEL = 4
SUBLEVEL = 0
/* --- file: mm/mmap.c */
#include <linux/mm.h>

unsigned long mmap_region(struct file *file, struct mm_struct *mm, unsigned long flags)
{
	struct vm_area_struct *vma = document_vma(mm);

	vma->vm_mm = mm;
	vma->vm_flags = flags;
	vma->vm_page_prot = vm_get_page_prot(flags);
	return document_call_mmap(file, vma);
}
/* --- file: mm/split.c */
#include <linux/mm.h>

static void split_bad(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	if (vma->vm_ops)
		return;
	set_pte_at(vma->vm_mm, address, ptep, mk_pte(pte_page(old), vma->vm_page_prot)); /* warning: [generic-rebuild] rebuilds an entry */
}

void split_range(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (vma)
		split_bad(vma, address, ptep);
}
