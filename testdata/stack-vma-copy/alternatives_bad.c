/* Each branch of an #if is looked at; what both share is reported once. */
#include <linux/mm.h>

static vm_fault_t either_fault_bad(struct vm_fault *vmf)
{
	struct vm_area_struct copy = *vmf->vma;

#ifdef CONFIG_DOCUMENT_WC
	copy.vm_page_prot = pgprot_writecombine(copy.vm_page_prot); /* error: [stack-vma-copy] */
#endif
	return vmf_insert_pfn(&copy, vmf->address, document_pfn(vmf));
}

static const struct vm_operations_struct either_vm_ops = { .fault = either_fault_bad };

static int either_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &either_vm_ops;
	return 0;
}

const struct file_operations either_fops = { .mmap = either_mmap };
