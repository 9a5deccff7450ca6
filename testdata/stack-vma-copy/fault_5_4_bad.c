/* Linux 5.4: the way of a buffer manager whose buffers move while they are mapped. */
/* --- file: Makefile */
VERSION = 5
PATCHLEVEL = 4
SUBLEVEL = 0
/* --- file: drivers/gpu/buffer.c */
#include <linux/mm.h>

static vm_fault_t buffer_fault_bad(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct vm_area_struct cvma;

	cvma = *vma;
	cvma.vm_page_prot = vm_get_page_prot(cvma.vm_flags); /* error: [stack-vma-copy] `cvma`, a copy of the VMA, is changed */
	if (document_is_device(vma->vm_private_data))
		cvma.vm_page_prot = pgprot_writecombine(cvma.vm_page_prot);
	if (vma->vm_flags & VM_MIXEDMAP)
		return vmf_insert_mixed(&cvma, vmf->address, document_pfn(vma->vm_private_data));
	return vmf_insert_pfn(&cvma, vmf->address, document_pfn(vma->vm_private_data));
}

static const struct vm_operations_struct buffer_vm_ops = {
	.fault = buffer_fault_bad,
};

static int buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_flags |= VM_MIXEDMAP | VM_IO | VM_DONTEXPAND;
	vma->vm_ops = &buffer_vm_ops;
	return 0;
}

const struct file_operations buffer_fops = { .mmap = buffer_mmap };
