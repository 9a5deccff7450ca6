/* VM_MIXEDMAP: a page is copied, a frame number is not, and nothing BUGs. */
#include <linux/mm.h>

static vm_fault_t mixed_fault(struct vm_fault *vmf)
{
	return vmf_insert_mixed(vmf->vma, vmf->address, document_pfn(vmf));
}

static const struct vm_operations_struct mixed_vm_ops = { .fault = mixed_fault };

static int mixed_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_ops = &mixed_vm_ops;
	return 0;
}

const struct file_operations mixed_fops = { .mmap = mixed_mmap };
