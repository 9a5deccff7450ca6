/* The address is kept: whoever has it may read the value. */
#include <linux/mm.h>

struct document_request { pgprot_t *prot; struct vm_area_struct *vma; };

vm_fault_t document_submit(struct document_request *request);

vm_fault_t kept_fault(struct vm_fault *vmf)
{
	pgprot_t prot;
	struct document_request request = { .prot = &prot, .vma = vmf->vma };

	prot = pgprot_noncached(vmf->vma->vm_page_prot);
	vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf));
	return document_submit(&request);
}
