/*
 * A page in migration keeps the right to be written while its soft-dirty bit is cleared: it comes back
 * with it, and the next write is missed.
 */
/* --- file: mm/soft_dirty.c */
#include <linux/mm.h>

int pte_present(pte_t pte);
int is_swap_pte(pte_t pte);
pte_t pte_wrprotect(pte_t pte);
pte_t pte_clear_soft_dirty(pte_t pte);
pte_t pte_swp_clear_soft_dirty(pte_t pte);

void clear_soft_dirty_bad(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t pte = ptep_get(ptep);

	if (pte_present(pte))
		set_pte_at(vma->vm_mm, address, ptep, pte_clear_soft_dirty(pte_wrprotect(pte)));
	else if (is_swap_pte(pte))
		set_pte_at(vma->vm_mm, address, ptep, pte_swp_clear_soft_dirty(pte)); /* note: [state-loss] stays writable */
}
