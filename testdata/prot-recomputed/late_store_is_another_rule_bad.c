/* A store in a fault handler is reported once, by the rule for late stores. */
#include <linux/mm.h>

static vm_fault_t storing_fault_bad(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;

	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags); /* error: [late-prot-write] */
	return vmf_insert_pfn(vma, vmf->address, document_pfn(vmf));
}

static const struct vm_operations_struct storing_vm_ops = { .fault = storing_fault_bad };

static int storing_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_ops = &storing_vm_ops;
	return 0;
}

const struct file_operations storing_fops = { .mmap = storing_mmap };
