/* Linux 7: the flags are a type of their own, and the function has another name. */
/* --- file: Makefile */
VERSION = 7
PATCHLEVEL = 0
SUBLEVEL = 0
/* --- file: drivers/object.c */
#include <linux/mm.h>

pgprot_t vma_flags_to_page_prot(unsigned long flags);

static vm_fault_t object_fault_bad(struct vm_fault *vmf)
{
	pgprot_t prot = vma_flags_to_page_prot(vmf->vma->vm_flags); /* warning: [prot-recomputed] */

	return vmf_insert_pfn_prot(vmf->vma, vmf->address, document_pfn(vmf), prot);
}

static const struct vm_operations_struct object_vm_ops = { .fault = object_fault_bad };

static int object_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_ops = &object_vm_ops;
	return 0;
}

const struct file_operations object_fops = { .mmap = object_mmap };
