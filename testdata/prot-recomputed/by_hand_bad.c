/* The handler takes care of write notification itself: worth knowing, no more. */
#include <linux/mm.h>

static vm_fault_t careful_fault_bad(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	pgprot_t prot;

	if (document_is_device(vmf))
		prot = vm_get_page_prot(vma->vm_flags & ~VM_SHARED); /* note: [prot-recomputed] write-protected */
	else
		prot = vm_get_page_prot(vma->vm_flags);
	return vmf_insert_pfn_prot(vma, vmf->address, document_pfn(vmf), prot);
}

static const struct vm_operations_struct careful_vm_ops = { .fault = careful_fault_bad };

static int careful_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_ops = &careful_vm_ops;
	return 0;
}

const struct file_operations careful_fops = { .mmap = careful_mmap };
