/* One of several values is the default. */
#include <linux/mm.h>

void choose(struct vm_area_struct *vma, struct page *page, unsigned long address, pte_t *ptep,
	    int is_special)
{
	pgprot_t prot = is_special ? PAGE_NONE : vma->vm_page_prot;

	set_pte_at(vma->vm_mm, address, ptep, mk_pte(page, prot)); /* reader: construct pte vm_page_prot unproven */
}

/* Recomputed where it is used. */
void recomputed(struct vm_area_struct *vma, struct page *page, unsigned long address, pte_t *ptep)
{
	pgprot_t prot = vm_get_page_prot(vma->vm_flags);

	set_pte_at(vma->vm_mm, address, ptep, mk_pte(page, prot)); /* reader: construct pte other unproven */
}
