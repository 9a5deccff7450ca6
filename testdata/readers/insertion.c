/* A helper that drivers insert entries with uses the default on their behalf. */
#include <linux/mm.h>

static vm_fault_t insert_one(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn,
			     pgprot_t prot)
{
	set_pte_at(vma->vm_mm, addr, NULL, pfn_pte(pfn, prot)); /* reader: construct pte vm_page_prot insertion */
	return 0;
}

vm_fault_t vmf_insert_pfn_prot(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn,
			       pgprot_t pgprot)
{
	return insert_one(vma, addr, pfn, pgprot);
}

vm_fault_t vmf_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn)
{
	return vmf_insert_pfn_prot(vma, addr, pfn, vma->vm_page_prot); /* reader: forward none vm_page_prot insertion */
}
