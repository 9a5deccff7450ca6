/* Shared mappings get frame numbers, private ones pages: as it should be. */
#include <linux/mm.h>

static vm_fault_t kind_fault_ok(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;

	if (vma->vm_flags & VM_MIXEDMAP)
		return vmf_insert_mixed(vma, vmf->address, document_pfn(vmf));
	return vmf_insert_pfn(vma, vmf->address, document_pfn(vmf));
}

static const struct vm_operations_struct kind_vm_ops = { .fault = kind_fault_ok };

static int kind_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &kind_vm_ops;
	if (is_cow_mapping(vma->vm_flags))
		vm_flags_set(vma, VM_MIXEDMAP);
	else
		vm_flags_set(vma, VM_PFNMAP);
	return 0;
}

const struct file_operations kind_fops = { .mmap = kind_mmap };
