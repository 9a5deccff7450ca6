/* The VMA's own protection: handed over, read by the API, stored before, stored late. */
#include <linux/mm.h>

static int plain_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, /* mapping: remap_pfn_range vma-prot possible ops= path=plain_mmap */
			       vma->vm_page_prot);
}

static int updated_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, /* mapping: remap_pfn_range vma-prot-updated possible */
			       vma->vm_page_prot);
}

/* What is inserted is what the VMA has in the end, whatever came first. */
static int same_in_the_end_mmap(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot = pgprot_noncached(vma->vm_page_prot);
	int error = remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, prot); /* mapping: remap_pfn_range vma-prot-updated possible */

	if (error)
		return error;
	vma->vm_page_prot = prot;
	return 0;
}

static int implicit_mmap(struct file *file, struct vm_area_struct *vma)
{
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE); /* mapping: vm_iomap_memory implicit possible flags=VM_DONTDUMP,VM_DONTEXPAND,VM_IO,VM_PFNMAP */
}

const struct file_operations plain_fops = { .mmap = plain_mmap };
const struct file_operations updated_fops = { .mmap = updated_mmap };
const struct file_operations same_fops = { .mmap = same_in_the_end_mmap };
const struct file_operations implicit_fops = { .mmap = implicit_mmap };
