/* The guard is in the body of a predicate, and its result comes back through a local. */
/* --- file: mm/remake.c */
#include <linux/mm.h>

static bool can_be_remade(struct vm_area_struct *vma)
{
	switch (vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP)) {
	case 0:
		return true;
	default:
		return false;
	}
}

static int remake_ok(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);
	bool can = can_be_remade(vma);

	if (!can)
		goto out;
	set_pte_at(vma->vm_mm, address, ptep, mk_pte(pte_page(old), vma->vm_page_prot));
out:
	return 0;
}

void remake_range(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (vma)
		remake_ok(vma, address, ptep);
}
