/* What the rule does not see: whoever takes the entry out is another function. */
/* --- file: mm/known_limits.c */
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

void FN_take_bad(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	ptep_clear_flush(vma, address, ptep);
}

void FN_in_two_steps_bad(struct vm_area_struct *vma, unsigned long address, pte_t *ptep,
			 struct page *page)
{
	if (vma->vm_ops)
		return;
	FN_take_bad(vma, address, ptep);
	set_pte_at(vma->vm_mm, address, ptep, mk_pte(page, vma->vm_page_prot));
}
