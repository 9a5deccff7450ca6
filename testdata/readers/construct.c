/* An entry is made from the default protection, at each level. */
#include <linux/mm.h>

void install(struct vm_area_struct *vma, unsigned long address, struct page *page, pte_t *ptep)
{
	pte_t entry = mk_pte(page, vma->vm_page_prot); /* reader: construct pte vm_page_prot unproven */

	set_pte_at(vma->vm_mm, address, ptep, entry);
}

void install_pmd(struct vm_area_struct *vma, unsigned long pfn, pmd_t *pmdp)
{
	*pmdp = pfn_pmd(pfn, vma->vm_page_prot); /* reader: construct pmd vm_page_prot unproven */
}

/* Read into a variable first: the use is where the entry is made. */
void install_later(struct vm_area_struct *vma, unsigned long address, unsigned long pfn, pte_t *ptep)
{
	pgprot_t prot = vma->vm_page_prot;

	set_pte_at(vma->vm_mm, address, ptep, pfn_pte(pfn, prot)); /* reader: construct pte vm_page_prot unproven */
}
