/* Linux 7.x: the description of a VMA is changed, which is in no tree yet. */
#include <linux/mm.h>

static vm_fault_t described_fault_bad(struct vm_fault *vmf)
{
	vmf->vma->vm_page_prot = pgprot_noncached(vmf->vma->vm_page_prot); /* error: [late-prot-write] */
	return vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf));
}

static const struct vm_operations_struct described_vm_ops = { .fault = described_fault_bad };

static int described_mmap_ok(struct vm_area_desc *desc)
{
	desc->page_prot = pgprot_writecombine(desc->page_prot);
	desc->vm_ops = &described_vm_ops;
	return 0;
}

const struct file_operations described_fops = { .mmap_prepare = described_mmap_ok };
