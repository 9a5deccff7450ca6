/* Core mm makes the default of a mapping anew, and with it goes what the driver stored in mmap. */
/* --- file: mm/mmap.c */
#include <linux/mm.h>

void set_default_bad(struct vm_area_struct *vma)
{
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags); /* error: [prot-recomputed] makes a protection anew from vm_flags */
}

int change(struct mm_struct *mm, unsigned long address, unsigned long flags)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (!vma)
		return -EINVAL;
	vma->vm_flags = flags;
	set_default_bad(vma);
	return 0;
}
/* --- file: drivers/device.c */
#include <linux/mm.h>

static vm_fault_t device_fault(struct vm_fault *vmf)
{
	return vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf));
}

static const struct vm_operations_struct device_vm_ops = {
	.fault = device_fault,
};

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;
	vm_flags_set(vma, VM_PFNMAP);
	vma->vm_page_prot = pgprot_decrypted(vma->vm_page_prot);
	vma->vm_ops = &device_vm_ops;
	return 0;
}

const struct file_operations device_fops = {
	.mmap = device_mmap,
};
