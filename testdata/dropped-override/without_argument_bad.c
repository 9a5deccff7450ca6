/* The insertion that takes a protection has another name. */
#include <linux/mm.h>

static vm_fault_t buffer_fault_bad(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	pgprot_t prot = vma->vm_page_prot;

	prot = pgprot_writecombine(prot); /* error: [dropped-override] `vmf_insert_pfn` inserts the entry without it */
	return vmf_insert_pfn(vma, vmf->address, document_pfn(vmf));
}

static const struct vm_operations_struct buffer_vm_ops = { .fault = buffer_fault_bad };
