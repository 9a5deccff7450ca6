/* What a driver does with the protection is in the other inventory. */
/* --- file: drivers/gpu/buffer.c */
#include <linux/mm.h>

pte_t driver_entry(struct vm_area_struct *vma, struct page *page)
{
	return mk_pte(page, vma->vm_page_prot);
}
/* --- file: mm/generic.c */
#include <linux/mm.h>

pte_t generic_entry(struct vm_area_struct *vma, struct page *page)
{
	return mk_pte(page, vma->vm_page_prot); /* reader: construct pte vm_page_prot unproven */
}
/* --- file: arch/arm64/mm/generic.c */
#include <linux/mm.h>

pte_t architecture_entry(struct vm_area_struct *vma, struct page *page)
{
	return mk_pte(page, vma->vm_page_prot); /* reader: construct pte vm_page_prot unproven */
}
