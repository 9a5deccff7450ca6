/* A helper makes it: that is where it has to be put right. */
#include <linux/mm.h>

static pgprot_t object_prot_bad(struct vm_area_struct *vma, void *object)
{
	pgprot_t prot = vm_get_page_prot(vma->vm_flags); /* warning: [prot-recomputed] `object_prot_bad` makes */

	return document_is_device(object) ? pgprot_noncached(prot) : pgprot_writecombine(prot);
}

static vm_fault_t object_fault(struct vm_fault *vmf)
{
	pgprot_t prot = object_prot_bad(vmf->vma, vmf->vma->vm_private_data);

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
