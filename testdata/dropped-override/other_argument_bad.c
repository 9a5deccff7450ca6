/* Overwritten, or passed over: what arrives is not what was computed. */
#include <linux/mm.h>

static int passed_over_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot = pgprot_noncached(vma->vm_page_prot); /* error: [dropped-override] `remap_pfn_range` inserts */

	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
			       vma->vm_page_prot);
}

static int overwritten_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot;

	if (document_is_device(file))
		prot = pgprot_noncached(vma->vm_page_prot); /* error: [dropped-override] `prot` */
	prot = vma->vm_page_prot;
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, prot);
}

const struct file_operations passed_over_fops = { .mmap = passed_over_mmap_bad };
const struct file_operations overwritten_fops = { .mmap = overwritten_mmap_bad };
