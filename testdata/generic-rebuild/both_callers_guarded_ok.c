/* Both callers have a guard, each one of its own. */
/* --- file: mm/remake.c */
#include <linux/mm.h>

static void remake_ok(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	set_pte_at(vma->vm_mm, address, ptep, mk_pte(pte_page(old), vma->vm_page_prot));
}

void scan(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (vma && !(vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP)))
		remake_ok(vma, address, ptep);
}

void scan_anonymous(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (!vma || vma->vm_ops)
		return;
	remake_ok(vma, address, ptep);
}
