/* Only one configuration refuses. */
#include <linux/mm.h>

static vm_fault_t either_fault_bad(struct vm_fault *vmf)
{
	return vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf)); /* error: [cow-pfnmap] may be private and writable */
}

static const struct vm_operations_struct either_vm_ops = { .fault = either_fault_bad };

static int either_mmap(struct file *file, struct vm_area_struct *vma)
{
#ifdef CONFIG_DOCUMENT_STRICT
	if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;
#endif
	vm_flags_set(vma, VM_IO | VM_PFNMAP);
	vma->vm_ops = &either_vm_ops;
	return 0;
}

const struct file_operations either_fops = { .mmap = either_mmap };
