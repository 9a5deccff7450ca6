/* Linux 4.4: the handler is given the VMA, and vm_insert_pfn() returns an error code. */
/* --- file: Makefile */
VERSION = 4
PATCHLEVEL = 4
SUBLEVEL = 1
/* --- file: drivers/gpu/buffer.c */
#include <linux/mm.h>

int vm_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn);
int vm_insert_mixed(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn);

static pgprot_t buffer_prot(void *buffer, pgprot_t prot)
{
	return document_is_device(buffer) ? pgprot_noncached(prot) : prot;
}

static int buffer_fault_bad(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	struct vm_area_struct cvma = *vma;
	int error;

	cvma.vm_page_prot = buffer_prot(vma->vm_private_data, cvma.vm_page_prot); /* error: [stack-vma-copy] */
	if (vma->vm_flags & VM_MIXEDMAP)
		error = vm_insert_mixed(&cvma, vmf->address, document_pfn(vma));
	else
		error = vm_insert_pfn(&cvma, vmf->address, document_pfn(vma));
	return error;
}

static const struct vm_operations_struct buffer_vm_ops = {
	.fault = buffer_fault_bad,
};

static int buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &buffer_vm_ops;
	return 0;
}

const struct file_operations buffer_fops = { .mmap = buffer_mmap };
