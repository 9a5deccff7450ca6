/* A copy in another address space: the function that installs it is not given the old entry. */
/* --- file: mm/copied_bad.c */
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

static void install_copy_bad(struct vm_area_struct *vma, unsigned long address, pte_t *ptep,
			     struct page *page)
{
	set_pte_at(vma->vm_mm, address, ptep, pte_mkdirty(mk_pte(page, vma->vm_page_prot))); /* error: [state-loss] copies an entry by making a new one */
}

void copy_entry(struct vm_area_struct *vma, unsigned long address, pte_t *dst, pte_t *src,
		struct page *page)
{
	pte_t entry = ptep_get(src);

	if (vma->vm_ops)
		return;
	if (page)
		install_copy_bad(vma, address, dst, page);
	else
		set_pte_at(vma->vm_mm, address, dst, entry);
}
