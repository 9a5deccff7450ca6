/* No table names the handler: it is copied from another and completed when the driver starts. */
#include <linux/mm.h>

static vm_fault_t late_fault_bad(struct vm_fault *vmf)
{
	struct vm_area_struct cvma = *vmf->vma;

	cvma.vm_page_prot = pgprot_writecombine(cvma.vm_page_prot); /* error: [stack-vma-copy] `cvma` */
	return vmf_insert_pfn(&cvma, vmf->address, document_pfn(vmf));
}

static struct vm_operations_struct late_vm_ops;

void late_init(const struct vm_operations_struct *common)
{
	late_vm_ops = *common;
	late_vm_ops.fault = late_fault_bad;
}
