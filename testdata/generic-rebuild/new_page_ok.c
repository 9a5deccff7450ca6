/* The page was just allocated: it has no attribute of its own. */
/* --- file: mm/copy.c */
#include <linux/mm.h>

static void copy_ok(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	struct page *page = alloc_page_vma(GFP_HIGHUSER_MOVABLE, vma, address);

	set_pte_at(vma->vm_mm, address, ptep, mk_pte(page, vma->vm_page_prot));
}

void copy_range(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (vma)
		copy_ok(vma, address, ptep);
}
