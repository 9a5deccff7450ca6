/* The defect of one configuration is one, with the condition it exists under. */
#include <linux/mm.h>

static int either_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
#ifdef CONFIG_DOCUMENT_CACHED
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
			       PAGE_SHARED); /* error: [prot-constant] `PAGE_SHARED` */
#else
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
			       vma->vm_page_prot);
#endif
}

/* Both alternatives reach the same insertion: one finding. */
static int both_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	unsigned long pfn;

#ifdef CONFIG_DOCUMENT_CACHED
	pfn = document_pfn(file);
#else
	pfn = vma->vm_pgoff;
#endif
	return remap_pfn_range(vma, vma->vm_start, pfn, PAGE_SIZE,
			       PAGE_SHARED); /* error: [prot-constant] `PAGE_SHARED` */
}

const struct file_operations either_fops = { .mmap = either_mmap_bad };
const struct file_operations both_fops = { .mmap = both_mmap_bad };
