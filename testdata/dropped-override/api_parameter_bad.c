/* The interface itself: it is given a protection, and its callee reads the VMA's own. */
/* --- file: mm/memory.c */
#include <linux/mm.h>

pte_t *document_slot(struct vm_area_struct *vma, unsigned long address);

static vm_fault_t insert_pfn(struct vm_area_struct *vma, unsigned long address, unsigned long pfn)
{
	pte_t *ptep = document_slot(vma, address);

	if (!ptep)
		return VM_FAULT_OOM;
	set_pte_at(vma->vm_mm, address, ptep, pte_mkspecial(pfn_pte(pfn, vma->vm_page_prot)));
	return VM_FAULT_NOPAGE;
}

vm_fault_t vmf_insert_pfn(struct vm_area_struct *vma, unsigned long address, unsigned long pfn)
{
	return insert_pfn(vma, address, pfn);
}

vm_fault_t vmf_insert_pfn_prot(struct vm_area_struct *vma, unsigned long address, /* error: [dropped-override] is given the protection `prot` */
			       unsigned long pfn, pgprot_t prot)
{
	if (address < vma->vm_start || address >= vma->vm_end)
		return VM_FAULT_SIGBUS;
	return insert_pfn(vma, address, pfn);
}
