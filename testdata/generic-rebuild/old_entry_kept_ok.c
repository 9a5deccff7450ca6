/* The new entry has the protection of the old one. */
/* --- file: mm/remake.c */
#include <linux/mm.h>

static void remake_ok(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	set_pte_at(vma->vm_mm, address, ptep, pfn_pte(pte_pfn(old), pte_pgprot(old)));
}

void remake_range(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (vma)
		remake_ok(vma, address, ptep);
}
