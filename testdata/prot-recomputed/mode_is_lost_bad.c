/* What mmap stored is left out. */
#include <linux/mm.h>

static vm_fault_t device_fault_bad(struct vm_fault *vmf)
{
	pgprot_t prot = vm_get_page_prot(vmf->vma->vm_flags); /* error: [prot-recomputed] loses the caching mode that mmap stored */

	return vmf_insert_pfn_prot(vmf->vma, vmf->address, document_pfn(vmf), prot);
}

static const struct vm_operations_struct device_vm_ops = { .fault = device_fault_bad };

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_ops = &device_vm_ops;
	return 0;
}

const struct file_operations device_fops = { .mmap = device_mmap };
