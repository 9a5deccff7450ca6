/* The mapping asks to be told of writes, and its entries are writable at once. */
#include <linux/mm.h>

static vm_fault_t notified_fault_bad(struct vm_fault *vmf)
{
	pgprot_t prot = vm_get_page_prot(vmf->vma->vm_flags); /* error: [prot-recomputed] write-protected */

	return vmf_insert_pfn_prot(vmf->vma, vmf->address, document_pfn(vmf), prot);
}

static vm_fault_t notified_write(struct vm_fault *vmf)
{
	return 0;
}

static const struct vm_operations_struct notified_vm_ops = {
	.fault = notified_fault_bad,
	.pfn_mkwrite = notified_write,
};

static int notified_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_ops = &notified_vm_ops;
	return 0;
}

const struct file_operations notified_fops = { .mmap = notified_mmap };
