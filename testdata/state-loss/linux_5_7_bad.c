/* Before userfaultfd could write-protect, there was soft-dirty only. */
/* --- file: mm/linux_5_7_bad.c */
#include <linux/mm.h>

static inline pte_t pte_mksoft_dirty(pte_t pte)
{
	pte.pte |= 0x800;
	return pte;
}

pte_t ptep_clear_flush(struct vm_area_struct *vma, unsigned long address, pte_t *ptep);

void exchange_page_bad(struct vm_area_struct *vma, unsigned long address, pte_t *ptep,
		       struct page *page)
{
	if (vma->vm_ops)
		return;
	ptep_clear_flush(vma, address, ptep);
	set_pte_at(vma->vm_mm, address, ptep, mk_pte(page, vma->vm_page_prot)); /* note: [state-loss] soft-dirty */
}
