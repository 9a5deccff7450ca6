/*
 * Two kinds of buffers share the helper that inserts and the one that finds the page. Only one of
 * them inserts with a protection of its own; what the other returns is mapped as its neighbours are.
 */
#include <linux/mm.h>

struct page *document_page(void *object, unsigned long pgoff);

static void insert_neighbours(struct vm_fault *vmf, pgprot_t prot)
{
	unsigned long pfn = document_pfn(vmf->vma->vm_private_data);
	unsigned long i;

	for (i = 1; i < 4; i++)
		if (vmf_insert_pfn_prot(vmf->vma, vmf->address + i * PAGE_SIZE, pfn + i, prot) != VM_FAULT_NOPAGE)
			break;
}

static int leave_page_bad(struct vm_fault *vmf)
{
	vmf->page = document_page(vmf->vma->vm_private_data, vmf->pgoff); /* error: [generic-rebuild] device_fault() returns a page */
	return vmf->page ? 0 : -EINVAL;
}

static vm_fault_t device_fault(struct vm_fault *vmf)
{
	insert_neighbours(vmf, pgprot_noncached(vmf->vma->vm_page_prot));
	if (leave_page_bad(vmf))
		return VM_FAULT_SIGBUS;
	return VM_FAULT_LOCKED;
}

static vm_fault_t system_fault(struct vm_fault *vmf)
{
	insert_neighbours(vmf, vmf->vma->vm_page_prot);
	if (leave_page_bad(vmf))
		return VM_FAULT_SIGBUS;
	return VM_FAULT_LOCKED;
}

static const struct vm_operations_struct device_vm_ops = {
	.fault = device_fault,
};

static const struct vm_operations_struct system_vm_ops = {
	.fault = system_fault,
};

static int buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	if (document_is_device(file->private_data))
		vma->vm_ops = &device_vm_ops;
	else
		vma->vm_ops = &system_vm_ops;
	return 0;
}

const struct file_operations buffer_fops = {
	.mmap = buffer_mmap,
};
