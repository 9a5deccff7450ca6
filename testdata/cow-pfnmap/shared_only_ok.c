/* Only shared mappings are let through. */
#include <linux/mm.h>

static vm_fault_t shared_fault(struct vm_fault *vmf)
{
	return vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf));
}

static const struct vm_operations_struct shared_vm_ops = { .fault = shared_fault };

static int shared_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	vm_flags_set(vma, VM_IO | VM_PFNMAP);
	vma->vm_ops = &shared_vm_ops;
	return 0;
}

const struct file_operations shared_fops = { .mmap = shared_mmap };
