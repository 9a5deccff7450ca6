/* The same test as everywhere, but the predicate takes a plain number: it is not looked into. */
#include <linux/mm.h>

static inline int is_private(unsigned long flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

static int FP_predicate_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_WRITE) || is_private(vma->vm_flags))
		return -EACCES;
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
			       PAGE_SHARED); /* error: [prot-constant] may be private */
}

const struct file_operations predicate_fops = { .mmap = FP_predicate_mmap_ok };
