/* The handler itself turns such mappings away. */
#include <linux/mm.h>

static vm_fault_t checking_fault(struct vm_fault *vmf)
{
	if (is_cow_mapping(vmf->vma->vm_flags))
		return 2;
	return vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf));
}

static const struct vm_operations_struct checking_vm_ops = { .fault = checking_fault };

static int checking_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_IO | VM_PFNMAP);
	vma->vm_ops = &checking_vm_ops;
	return 0;
}

const struct file_operations checking_fops = { .mmap = checking_mmap };
