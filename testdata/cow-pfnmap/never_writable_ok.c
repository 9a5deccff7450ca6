/* Never writable: not copied on write, and not refused by the insertion. */
#include <linux/mm.h>

static vm_fault_t readonly_fault(struct vm_fault *vmf)
{
	return vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf));
}

static const struct vm_operations_struct readonly_vm_ops = { .fault = readonly_fault };

static int readonly_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	vm_flags_clear(vma, VM_MAYWRITE);
	vm_flags_set(vma, VM_IO | VM_PFNMAP);
	vma->vm_ops = &readonly_vm_ops;
	return 0;
}

const struct file_operations readonly_fops = { .mmap = readonly_mmap };
