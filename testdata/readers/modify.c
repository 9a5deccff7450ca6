/* An old entry gets the default protection. */
#include <linux/mm.h>

pte_t change(struct vm_area_struct *vma, pte_t old)
{
	return pte_modify(old, vma->vm_page_prot); /* reader: modify pte vm_page_prot unproven */
}

pmd_t change_huge(struct vm_area_struct *vma, pmd_t old)
{
	return pmd_modify(old, vma->vm_page_prot); /* reader: modify pmd vm_page_prot unproven */
}

/* From what the caller says, which is the default. */
static pte_t change_to(struct vm_area_struct *vma, pte_t old, pgprot_t newprot)
{
	return pte_modify(old, newprot); /* reader: modify pte vm_page_prot unproven */
}

pte_t protect(struct vm_area_struct *vma, pte_t old)
{
	return change_to(vma, old, vma->vm_page_prot); /* reader: forward none vm_page_prot unproven */
}
