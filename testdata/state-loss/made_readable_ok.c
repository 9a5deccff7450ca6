/* The right to write goes with the bit, in the function itself and in one that it calls. */
/* --- file: mm/soft_dirty.c */
#include <linux/mm.h>

int pte_present(pte_t pte);
int is_swap_pte(pte_t pte);
pte_t pte_wrprotect(pte_t pte);
pte_t pte_clear_soft_dirty(pte_t pte);
pte_t pte_swp_clear_soft_dirty(pte_t pte);
swp_entry_t pte_to_swp_entry(pte_t pte);
pte_t swp_entry_to_pte(swp_entry_t entry);
int is_writable_migration_entry(swp_entry_t entry);
swp_entry_t make_readable_migration_entry(unsigned long offset);
unsigned long swp_offset(swp_entry_t entry);

static pte_t wrprotect_absent(pte_t pte)
{
	swp_entry_t entry = pte_to_swp_entry(pte);

	if (is_writable_migration_entry(entry))
		pte = swp_entry_to_pte(make_readable_migration_entry(swp_offset(entry)));
	return pte;
}

void clear_soft_dirty_ok(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t pte = ptep_get(ptep);

	if (pte_present(pte)) {
		pte = pte_clear_soft_dirty(pte_wrprotect(pte));
	} else if (is_swap_pte(pte)) {
		pte = wrprotect_absent(pte);
		pte = pte_swp_clear_soft_dirty(pte);
	}
	set_pte_at(vma->vm_mm, address, ptep, pte);
}

pte_t only_cleared_ok(pte_t pte)
{
	return pte_swp_clear_soft_dirty(pte);
}
