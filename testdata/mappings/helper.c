/* The protection is derived in a helper, on some of its ways. */
#include <linux/mm.h>

static pgprot_t buffer_prot(void *buffer, pgprot_t prot)
{
	if (document_is_device(buffer))
		return pgprot_writecombine(prot);
	return prot;
}

static vm_fault_t buffer_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	pgprot_t prot = buffer_prot(vma->vm_private_data, vma->vm_page_prot);

	return vmf_insert_pfn_prot(vma, vmf->address, document_pfn(vmf), prot); /* mapping: vmf_insert_pfn_prot vma-prot,override-derived caching refused flags=VM_IO,VM_PFNMAP ops=buffer_vm_ops path=buffer_fault */
}

static const struct vm_operations_struct buffer_vm_ops = { .fault = buffer_fault };

static int buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;
	vm_flags_set(vma, VM_IO | VM_PFNMAP);
	vma->vm_ops = &buffer_vm_ops;
	return 0;
}

const struct file_operations buffer_fops = { .mmap = buffer_mmap };
