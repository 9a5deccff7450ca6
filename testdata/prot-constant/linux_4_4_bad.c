/* Linux 4.4: the fault handler is given the VMA, vm_insert_pfn_prot() is the new interface. */
/* --- file: Makefile */
VERSION = 4
PATCHLEVEL = 4
SUBLEVEL = 1
/* --- file: drivers/old.c */
#include <linux/mm.h>

int vm_insert_pfn_prot(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn,
		       pgprot_t prot);

static int old_fault_bad(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	vm_insert_pfn_prot(vma, vmf->address, document_pfn(vma->vm_private_data),
			   PAGE_SHARED); /* error: [prot-constant] `old_fault_bad` maps */
	return 0;
}

static struct vm_operations_struct old_vm_ops = {
	.fault = old_fault_bad,
};

static int old_mmap_bad(struct file *filp, struct vm_area_struct *vma)
{
	vma->vm_flags |= VM_IO | VM_MIXEDMAP;
	vma->vm_ops = &old_vm_ops;
	return io_remap_pfn_range(vma, vma->vm_start, document_pfn(filp), PAGE_SIZE,
				  PAGE_SHARED); /* error: [prot-constant] `old_mmap_bad` maps */
}

const struct file_operations old_fops = {
	.mmap = old_mmap_bad,
};
