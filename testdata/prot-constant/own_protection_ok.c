/* The VMA's own protection, whatever was done to its caching, has the mapping's rights. */
#include <linux/mm.h>

static int plain_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
			       vma->vm_page_prot);
}

static int derived_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
			       vma->vm_page_prot);
}

/* The fixed protection's attributes, with the rights of the VMA's. */
static int merged_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
			       pgprot_modify(PAGE_SHARED, vma->vm_page_prot));
}

const struct file_operations plain_fops = { .mmap = plain_mmap_ok };
const struct file_operations derived_fops = { .mmap = derived_mmap_ok };
const struct file_operations merged_fops = { .mmap = merged_mmap_ok };
