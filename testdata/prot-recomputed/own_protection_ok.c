/* The handler starts from what the VMA has. */
#include <linux/mm.h>

static vm_fault_t object_fault(struct vm_fault *vmf)
{
	pgprot_t prot = pgprot_writecombine(vmf->vma->vm_page_prot);

	return vmf_insert_pfn_prot(vmf->vma, vmf->address, document_pfn(vmf), prot);
}

static const struct vm_operations_struct object_vm_ops = { .fault = object_fault };

static int object_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_ops = &object_vm_ops;
	return 0;
}

const struct file_operations object_fops = { .mmap = object_mmap };
