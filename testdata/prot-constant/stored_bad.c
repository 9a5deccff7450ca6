/*
 * A constant that becomes the VMA's own protection does the same harm: remap_pfn_range() inserts
 * it here, and core mm makes the entries of later faults from it.
 */
#include <linux/mm.h>

static int stored_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = PAGE_SHARED; /* error: [prot-constant] the protection of mappings that may be read-only or private */
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
			       vma->vm_page_prot);
}

/* Nothing is inserted yet; the faults will. */
static int kept_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_writecombine(PAGE_SHARED); /* error: [prot-constant] `PAGE_SHARED` */
	return 0;
}

/* As the graphics of an old SGI machine do it, rightly. */
static int demanded_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	if ((vma->vm_flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE))
		return -EINVAL;
	vma->vm_page_prot = PAGE_SHARED;
	return 0;
}

/* It does not last. */
static int overwritten_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t own = vma->vm_page_prot;

	vma->vm_page_prot = PAGE_SHARED;
	if (document_is_device(file))
		return -EINVAL;
	vma->vm_page_prot = pgprot_noncached(own);
	return 0;
}

const struct file_operations stored_fops = { .mmap = stored_mmap_bad };
const struct file_operations kept_fops = { .mmap = kept_mmap_bad };
const struct file_operations demanded_fops = { .mmap = demanded_mmap_ok };
const struct file_operations overwritten_fops = { .mmap = overwritten_mmap_ok };
