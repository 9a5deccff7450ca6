/* VM_WRITE says what is allowed now; a private mapping may become writable later. */
#include <linux/mm.h>

static vm_fault_t read_fault_bad(struct vm_fault *vmf)
{
	return vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf)); /* error: [cow-pfnmap] may be private and writable */
}

static const struct vm_operations_struct read_vm_ops = { .fault = read_fault_bad };

static int read_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	vm_flags_set(vma, VM_IO | VM_PFNMAP);
	vma->vm_ops = &read_vm_ops;
	return 0;
}

const struct file_operations read_fops = { .mmap = read_mmap };
