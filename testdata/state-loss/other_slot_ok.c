/* What is taken out elsewhere is moved, not replaced. */
/* --- file: mm/other_slot_ok.c */
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

void move_page(struct vm_area_struct *vma, unsigned long address, pte_t *from, pte_t *to,
	       struct page *page)
{
	if (vma->vm_ops)
		return;
	ptep_clear_flush(vma, address, from);
	set_pte_at(vma->vm_mm, address, to, mk_pte(page, vma->vm_page_prot));
}
