/* Nothing between mmap() and the insertion asks what kind of mapping it is. */
#include <linux/mm.h>

static vm_fault_t frame_fault_bad(struct vm_fault *vmf)
{
	return vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf)); /* error: [cow-pfnmap] may be private and writable */
}

static const struct vm_operations_struct frame_vm_ops = { .fault = frame_fault_bad };

static int frame_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_IO | VM_PFNMAP);
	vma->vm_ops = &frame_vm_ops;
	return 0;
}

const struct file_operations frame_fops = { .mmap = frame_mmap };
