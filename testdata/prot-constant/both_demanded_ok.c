/* Whoever demands a shared, writable mapping may insert writable entries. */
#include <linux/mm.h>

static int at_once_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	if ((vma->vm_flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE))
		return -EACCES;
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, PAGE_SHARED);
}

static int one_by_one_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_WRITE) || !(vma->vm_flags & VM_SHARED))
		return -EACCES;
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, PAGE_SHARED);
}

/* A mapping that may be written and is not copied on write is a shared one. */
static int no_cow_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_WRITE) || is_cow_mapping(vma->vm_flags))
		return -EACCES;
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, PAGE_SHARED);
}

/* A mapping that is refused after the insertion is torn down again. */
static int afterwards_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	int error = remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
				    PAGE_SHARED);

	if (error)
		return error;
	if ((vma->vm_flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE))
		return -EACCES;
	return 0;
}

const struct file_operations at_once_fops = { .mmap = at_once_mmap_ok };
const struct file_operations one_by_one_fops = { .mmap = one_by_one_mmap_ok };
const struct file_operations no_cow_fops = { .mmap = no_cow_mmap_ok };
const struct file_operations afterwards_fops = { .mmap = afterwards_mmap_ok };
