/* An insertion API that makes a second entry of the page in the first. */
/* --- file: mm/memory.c */
#include <linux/mm.h>

vm_fault_t vmf_insert_pfn_prot(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn, pgprot_t prot)
{
	return insert_bad(vma, addr, pfn, prot);
}

static vm_fault_t insert_bad(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn, pgprot_t prot)
{
	pte_t *pte = get_locked_pte(vma->vm_mm, addr);
	pte_t entry = pte_mkspecial(pfn_pte(pfn, prot));

	set_pte_at(vma->vm_mm, addr, pte, mk_pte(pfn_to_page(pte_pfn(entry)), vma->vm_page_prot)); /* warning: [generic-rebuild] rebuilds an entry */
	return VM_FAULT_NOPAGE;
}
