/* The page has moved, and its entry comes back as it was; another slot is none of its business. */
/* --- file: mm/migrate.c */
#include <linux/mm.h>

static inline pte_t pte_mkuffd_wp(pte_t pte)
{
	pte.pte |= 0x400;
	return pte;
}

static inline pte_t pte_mksoft_dirty(pte_t pte)
{
	pte.pte |= 0x800;
	return pte;
}

typedef struct { unsigned long val; } swp_entry_t;

swp_entry_t pte_to_swp_entry(pte_t pte);
int is_writable_migration_entry(swp_entry_t entry);
int pte_swp_uffd_wp(pte_t pte);
int pte_swp_soft_dirty(pte_t pte);
pte_t pte_mkwrite(pte_t pte, struct vm_area_struct *vma);

void remove_migration_ok(struct vm_area_struct *vma, unsigned long address, pte_t *ptep,
			 struct page *page)
{
	pte_t old = ptep_get(ptep);
	swp_entry_t entry = pte_to_swp_entry(old);
	pte_t pte;

	if (vma->vm_ops)
		return;
	pte = mk_pte(page, vma->vm_page_prot);
	if (pte_swp_soft_dirty(old))
		pte = pte_mksoft_dirty(pte);
	if (is_writable_migration_entry(entry))
		pte = pte_mkwrite(pte, vma);
	else if (pte_swp_uffd_wp(old))
		pte = pte_mkuffd_wp(pte);
	set_pte_at(vma->vm_mm, address, ptep, pte);
}

int fill_other_ok(struct vm_area_struct *vma, unsigned long address, pte_t *from, pte_t *to,
		  struct page *page)
{
	pte_t old = ptep_get(from);
	swp_entry_t entry = pte_to_swp_entry(old);

	if (vma->vm_ops || is_writable_migration_entry(entry))
		return -EINVAL;
	set_pte_at(vma->vm_mm, address, to, mk_pte(page, vma->vm_page_prot));
	return 0;
}
