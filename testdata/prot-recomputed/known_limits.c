/* What the rule does not see. */
#include <linux/mm.h>

struct document_object { pgprot_t prot; };

/* The protection was made anew earlier, and kept in an object. */
void FN_prepare_bad(struct document_object *object, struct vm_area_struct *vma)
{
	object->prot = vm_get_page_prot(vma->vm_flags);
}

static vm_fault_t FN_kept_fault_bad(struct vm_fault *vmf)
{
	struct document_object *object = vmf->vma->vm_private_data;

	return vmf_insert_pfn_prot(vmf->vma, vmf->address, document_pfn(vmf), object->prot);
}

static const struct vm_operations_struct kept_vm_ops = { .fault = FN_kept_fault_bad };

static int kept_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_ops = &kept_vm_ops;
	return 0;
}

const struct file_operations kept_fops = { .mmap = kept_mmap };
