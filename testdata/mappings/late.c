/* A fault handler that stores the protection inserts what the VMA then has: its own, but late. */
#include <linux/mm.h>

static vm_fault_t late_fault(struct vm_fault *vmf)
{
	vmf->vma->vm_page_prot = pgprot_noncached(vmf->vma->vm_page_prot);
	return vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf)); /* mapping: vmf_insert_pfn vma-prot-late possible ops=late_vm_ops */
}

static const struct vm_operations_struct late_vm_ops = { .fault = late_fault };

static int late_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_PFNMAP);
	vma->vm_ops = &late_vm_ops;
	return 0;
}

const struct file_operations late_fops = { .mmap = late_mmap };
