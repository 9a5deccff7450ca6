/* The mmap operation refuses. */
#include <linux/mm.h>

static vm_fault_t refused_fault(struct vm_fault *vmf)
{
	return vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf));
}

static const struct vm_operations_struct refused_vm_ops = { .fault = refused_fault };

static int refused_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;
	vm_flags_set(vma, VM_IO | VM_PFNMAP);
	vma->vm_ops = &refused_vm_ops;
	return 0;
}

const struct file_operations refused_fops = { .mmap = refused_mmap };
