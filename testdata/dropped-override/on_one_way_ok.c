/* Used on one way, not needed on the other. */
#include <linux/mm.h>

static int one_way_mmap(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot = pgprot_noncached(vma->vm_page_prot);

	if (!document_is_device(file))
		return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, prot);
}

const struct file_operations one_way_fops = { .mmap = one_way_mmap };
