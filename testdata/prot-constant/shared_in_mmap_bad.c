/* The shape of most real ones: pages of a kernel buffer, one by one, always writable. */
#include <linux/mm.h>

static int buffer_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	unsigned long address = vma->vm_start;

	while (address < vma->vm_end) {
		if (remap_pfn_range(vma, address, document_pfn(file), PAGE_SIZE,
				    /* error: [prot-constant] which allows writing, into mappings that may be read-only or private */
				    PAGE_SHARED))
			return -EINVAL;
		address += PAGE_SIZE;
	}
	return 0;
}

const struct file_operations buffer_fops = {
	.mmap = buffer_mmap_bad,
};
