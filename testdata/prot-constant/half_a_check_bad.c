/* Asking for one of the two is not enough. */
#include <linux/mm.h>

/* A private mapping may be written with the file open for reading only: that is what it is for. */
static int private_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_WRITE))
		return -EACCES;
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
			       PAGE_SHARED); /* error: [prot-constant] that may be private */
}

/* Shared says that the file is open for writing, not that this mapping wants to be written. */
static int readonly_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
			       PAGE_SHARED); /* error: [prot-constant] that may be read-only */
}

/* One bit of two passes this test. */
static int either_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & (VM_SHARED | VM_WRITE)))
		return -EACCES;
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
			       PAGE_SHARED); /* error: [prot-constant] that may be read-only or private */
}

const struct file_operations private_fops = { .mmap = private_mmap_bad };
const struct file_operations readonly_fops = { .mmap = readonly_mmap_bad };
const struct file_operations either_fops = { .mmap = either_mmap_bad };
