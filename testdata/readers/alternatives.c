/* A use of one configuration only, and one in a macro, which is missed: nothing in it has a type. */
#include <linux/mm.h>

#define FN_default_entry(vma, page)	mk_pte(page, (vma)->vm_page_prot)

#ifdef CONFIG_DOCUMENT_NUMA
pte_t unmask(struct vm_area_struct *vma, pte_t old)
{
	return pte_modify(old, vma->vm_page_prot); /* reader: modify pte vm_page_prot unproven */
}
#endif

void install(struct vm_area_struct *vma, struct page *page, unsigned long address, pte_t *ptep)
{
	set_pte_at(vma->vm_mm, address, ptep, FN_default_entry(vma, page));
}
