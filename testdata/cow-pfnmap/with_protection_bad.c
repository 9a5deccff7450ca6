/* The insertion that takes a protection BUGs just the same. */
#include <linux/mm.h>

static vm_fault_t prot_fault_bad(struct vm_fault *vmf)
{
	/* error: [cow-pfnmap] may be private and writable */
	return vmf_insert_pfn_prot(vmf->vma, vmf->address, document_pfn(vmf),
				   pgprot_writecombine(vmf->vma->vm_page_prot));
}

static const struct vm_operations_struct prot_vm_ops = { .fault = prot_fault_bad };

static int prot_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_IO | VM_PFNMAP);
	vma->vm_ops = &prot_vm_ops;
	return 0;
}

const struct file_operations prot_fops = { .mmap = prot_mmap };
