/* A fixed protection that allows no writing takes nothing from anybody. */
#include <linux/mm.h>

static int readonly_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, PAGE_READONLY);
}

static int none_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, PAGE_NONE);
}

/* PAGE_COPY is what a private, writable mapping starts with: without the right to write. */
static int copy_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, PAGE_COPY);
}

const struct file_operations readonly_fops = { .mmap = readonly_mmap_ok };
const struct file_operations none_fops = { .mmap = none_mmap_ok };
const struct file_operations copy_fops = { .mmap = copy_mmap_ok };
