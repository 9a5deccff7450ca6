/* The fault handler starts from the flags instead of the VMA's protection. */
#include <linux/mm.h>

static vm_fault_t object_fault_bad(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	pgprot_t prot = vm_get_page_prot(vma->vm_flags); /* warning: [prot-recomputed] that may be write-protected */

	return vmf_insert_pfn_prot(vma, vmf->address, document_pfn(vmf), pgprot_writecombine(prot));
}

static const struct vm_operations_struct object_vm_ops = { .fault = object_fault_bad };

static int object_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_ops = &object_vm_ops;
	return 0;
}

const struct file_operations object_fops = { .mmap = object_mmap };
