/* What refuses a copy-on-write mapping, and what does not. */
#include <linux/mm.h>

static int asked_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, /* mapping: remap_pfn_range vma-prot refused */
			       vma->vm_page_prot);
}

static int shared_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, /* mapping: remap_pfn_range vma-prot refused */
			       vma->vm_page_prot);
}

/* A mapping that can never be written is never copied. */
static int cleared_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	vm_flags_clear(vma, VM_MAYWRITE);
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, /* mapping: remap_pfn_range vma-prot refused */
			       vma->vm_page_prot);
}

/* mprotect() can make it writable later. */
static int readonly_now_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, /* mapping: remap_pfn_range vma-prot possible */
			       vma->vm_page_prot);
}

const struct file_operations asked_fops = { .mmap = asked_mmap };
const struct file_operations shared_fops = { .mmap = shared_mmap };
const struct file_operations cleared_fops = { .mmap = cleared_mmap };
const struct file_operations readonly_now_fops = { .mmap = readonly_now_mmap };
