/* In an mmap operation there is not even a reason: the VMA itself could be changed. */
#include <linux/mm.h>

static int registers_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	struct vm_area_struct tmp = *vma;

	tmp.vm_page_prot = pgprot_noncached(tmp.vm_page_prot); /* error: [stack-vma-copy] `tmp` */
	return remap_pfn_range(&tmp, vma->vm_start, document_pfn(file), PAGE_SIZE,
			       tmp.vm_page_prot);
}

const struct file_operations registers_fops = { .mmap = registers_mmap_bad };
