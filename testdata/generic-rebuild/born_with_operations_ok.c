/* The same guard holds where a new VMA is given operations before the driver sees it. */
/* --- file: mm/mmap.c */
#include <linux/mm.h>

static const struct vm_operations_struct vma_dummy_vm_ops;

struct vm_area_struct *vma_init(struct vm_area_struct *vma, struct mm_struct *mm)
{
	vma->vm_mm = mm;
	vma->vm_ops = &vma_dummy_vm_ops;
	return vma;
}
/* --- file: mm/split.c */
#include <linux/mm.h>

static void split_ok(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	if (vma->vm_ops)
		return;
	set_pte_at(vma->vm_mm, address, ptep, mk_pte(pte_page(old), vma->vm_page_prot));
}

void split_range(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (vma)
		split_ok(vma, address, ptep);
}
