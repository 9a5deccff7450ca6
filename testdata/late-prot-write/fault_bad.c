/* The classic: the caching mode depends on where the memory is now, so the handler stores it. */
#include <linux/mm.h>

static vm_fault_t context_fault_bad(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;

	if (document_is_device(vma->vm_private_data))
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot); /* error: [late-prot-write] while other threads fault in the same mapping */
	else
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	return vmf_insert_pfn(vma, vmf->address, document_pfn(vmf));
}

static const struct vm_operations_struct context_vm_ops = {
	.fault = context_fault_bad,
};

static int context_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	vm_flags_set(vma, VM_IO | VM_PFNMAP);
	vma->vm_ops = &context_vm_ops;
	return 0;
}

const struct file_operations context_fops = { .mmap = context_mmap };
