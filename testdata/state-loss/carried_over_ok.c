/* Both states are carried over. */
/* --- file: mm/carried_over_ok.c */
#include <linux/mm.h>

static inline pte_t pte_mkuffd_wp(pte_t pte)
{
	pte.pte |= 0x400;
	return pte;
}

static inline int pte_uffd_wp(pte_t pte)
{
	return pte.pte & 0x400;
}

static inline pte_t pte_mksoft_dirty(pte_t pte)
{
	pte.pte |= 0x800;
	return pte;
}

int pte_soft_dirty(pte_t pte);
pte_t pte_mkwrite(pte_t pte, struct vm_area_struct *vma);
pte_t ptep_clear_flush(struct vm_area_struct *vma, unsigned long address, pte_t *ptep);

void exchange_page(struct vm_area_struct *vma, unsigned long address, pte_t *ptep,
		   struct page *page)
{
	pte_t old = ptep_get(ptep);
	pte_t entry;

	if (vma->vm_ops)
		return;
	entry = mk_pte(page, vma->vm_page_prot);
	if (pte_uffd_wp(old))
		entry = pte_mkuffd_wp(entry);
	if (pte_soft_dirty(old))
		entry = pte_mksoft_dirty(entry);
	ptep_clear_flush(vma, address, ptep);
	set_pte_at(vma->vm_mm, address, ptep, entry);
}
