/* A fault handler finds what the mmap operations that install its table have left. */
#include <linux/mm.h>

static vm_fault_t first_fault(struct vm_fault *vmf)
{
	return vmf_insert_pfn_prot(vmf->vma, vmf->address, document_pfn(vmf), /* mapping: vmf_insert_pfn_prot vma-prot-updated refused flags=VM_IO,VM_PFNMAP,VM_SHARED ops=first_vm_ops */
				   vmf->vma->vm_page_prot);
}

static vm_fault_t second_fault(struct vm_fault *vmf)
{
	return vmf_insert_pfn_prot(vmf->vma, vmf->address, document_pfn(vmf), /* mapping: vmf_insert_pfn_prot vma-prot possible flags=VM_MIXEDMAP ops=second_vm_ops */
				   vmf->vma->vm_page_prot);
}

static vm_fault_t both_fault(struct vm_fault *vmf)
{
	return vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf)); /* mapping: vmf_insert_pfn vma-prot-updated,implicit possible flags= ops=both_vm_ops */
}

static const struct vm_operations_struct first_vm_ops = { .fault = first_fault };
static const struct vm_operations_struct second_vm_ops = { .fault = second_fault };
static const struct vm_operations_struct both_vm_ops = { .fault = both_fault };

static int first_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	vm_flags_set(vma, VM_IO | VM_PFNMAP);
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_ops = &first_vm_ops;
	return 0;
}

static int second_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_ops = &second_vm_ops;
	return 0;
}

static int third_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &both_vm_ops;
	return 0;
}

static int fourth_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_ops = &both_vm_ops;
	return 0;
}

const struct file_operations first_fops = { .mmap = first_mmap };
const struct file_operations second_fops = { .mmap = second_mmap };
const struct file_operations third_fops = { .mmap = third_mmap };
const struct file_operations fourth_fops = { .mmap = fourth_mmap };
