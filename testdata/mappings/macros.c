/* Macros around the protection and around the call. */
#include <linux/mm.h>

#define device_prot(prot)	pgprot_noncached(prot)
#define map_page(vma, pfn, prot) \
	remap_pfn_range(vma, (vma)->vm_start, pfn, PAGE_SIZE, prot) /* mapping: remap_pfn_range override-derived caching possible */

static int wrapped_prot_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, /* mapping: remap_pfn_range override-derived caching possible */
			       device_prot(vma->vm_page_prot));
}

static int wrapped_call_mmap(struct file *file, struct vm_area_struct *vma)
{
	return map_page(vma, document_pfn(file), pgprot_writecombine(vma->vm_page_prot));
}

const struct file_operations wrapped_prot_fops = { .mmap = wrapped_prot_mmap };
const struct file_operations wrapped_call_fops = { .mmap = wrapped_call_mmap };
