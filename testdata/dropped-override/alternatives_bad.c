/* One configuration uses what was computed, the other one does not. */
#include <linux/mm.h>

static int either_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot = pgprot_writecombine(vma->vm_page_prot); /* error: [dropped-override] `prot` */

#ifdef CONFIG_DOCUMENT_COMBINES
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, prot);
#else
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
#endif
}

const struct file_operations either_fops = { .mmap = either_mmap_bad };
