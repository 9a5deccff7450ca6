/* The interface hands on what it is given; where there are no entries to make, there is no use. */
/* --- file: mm/memory.c */
#include <linux/mm.h>

pte_t *document_slot(struct vm_area_struct *vma, unsigned long address);

static vm_fault_t insert_pfn(struct vm_area_struct *vma, unsigned long address, unsigned long pfn,
			     pgprot_t prot)
{
	pte_t *ptep = document_slot(vma, address);

	set_pte_at(vma->vm_mm, address, ptep, pte_mkspecial(pfn_pte(pfn, prot)));
	return VM_FAULT_NOPAGE;
}

vm_fault_t vmf_insert_pfn_prot(struct vm_area_struct *vma, unsigned long address,
			       unsigned long pfn, pgprot_t prot)
{
	return insert_pfn(vma, address, pfn, prot);
}
/* --- file: mm/nommu.c */
#include <linux/mm.h>

int remap_pfn_range(struct vm_area_struct *vma, unsigned long address,
		    unsigned long pfn, unsigned long size, pgprot_t prot)
{
	if (address != pfn << PAGE_SHIFT)
		return -EINVAL;
	vm_flags_set(vma, VM_IO | VM_PFNMAP);
	return 0;
}
