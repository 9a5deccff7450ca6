/* What a fault handler may insert depends on the mmap operations that install its table. */
#include <linux/mm.h>

static vm_fault_t open_fault_bad(struct vm_fault *vmf)
{
	return vmf_insert_pfn_prot(vmf->vma, vmf->address, document_pfn(vmf),
				   PAGE_SHARED); /* error: [prot-constant] `open_fault_bad` maps */
}

static const struct vm_operations_struct open_vm_ops = {
	.fault = open_fault_bad,
};

static int open_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &open_vm_ops;
	return 0;
}

static vm_fault_t guarded_fault_ok(struct vm_fault *vmf)
{
	return vmf_insert_pfn_prot(vmf->vma, vmf->address, document_pfn(vmf), PAGE_SHARED);
}

static const struct vm_operations_struct guarded_vm_ops = {
	.fault = guarded_fault_ok,
};

static int guarded_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_SHARED) || !(vma->vm_flags & VM_WRITE))
		return -EINVAL;
	vm_flags_set(vma, VM_PFNMAP | VM_IO);
	vma->vm_ops = &guarded_vm_ops;
	return 0;
}

const struct file_operations open_fops = { .mmap = open_mmap };
const struct file_operations guarded_fops = { .mmap = guarded_mmap };
