/*
 * What only the memory tells: these pages want the protection the others of the mapping get. The
 * handler inserted nothing on the way on which it returns them.
 */
#include <linux/mm.h>

struct page *document_page(void *object, unsigned long pgoff);

static vm_fault_t FN_other_fault_bad(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	pgprot_t prot = pgprot_writecombine(vma->vm_page_prot);

	if (vmf->pgoff > 0)
		return vmf_insert_pfn_prot(vma, vmf->address, document_pfn(vmf), prot);
	vmf->page = document_page(vma->vm_private_data, vmf->pgoff);
	return 0;
}

static vm_fault_t FN_other_operation_bad(struct vm_fault *vmf)
{
	vmf->page = document_page(vmf->vma->vm_private_data, vmf->pgoff);
	return 0;
}

static vm_fault_t overrides_pfn_mkwrite(struct vm_fault *vmf)
{
	pgprot_t prot = pgprot_writecombine(vmf->vma->vm_page_prot);

	return vmf_insert_pfn_prot(vmf->vma, vmf->address, document_pfn(vmf), prot);
}

static const struct vm_operations_struct one_vm_ops = {
	.fault = FN_other_fault_bad,
};

static const struct vm_operations_struct two_vm_ops = {
	.fault = FN_other_operation_bad,
	.pfn_mkwrite = overrides_pfn_mkwrite,
};

static int buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	if (vma->vm_pgoff)
		vma->vm_ops = &one_vm_ops;
	else
		vma->vm_ops = &two_vm_ops;
	return 0;
}

const struct file_operations buffer_fops = {
	.mmap = buffer_mmap,
};
