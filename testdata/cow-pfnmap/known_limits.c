/* What the rule does not see: get_unmapped_area() may refuse before, and this one does not. */
#include <linux/mm.h>

static vm_fault_t FN_area_fault_bad(struct vm_fault *vmf)
{
	return vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf));
}

static unsigned long document_area(struct file *file, unsigned long address)
{
	return address;
}

static const struct vm_operations_struct area_vm_ops = { .fault = FN_area_fault_bad };

static int area_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_IO | VM_PFNMAP);
	vma->vm_ops = &area_vm_ops;
	return 0;
}

const struct file_operations area_fops = { .mmap = area_mmap, .get_unmapped_area = document_area };
