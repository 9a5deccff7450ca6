/* A fixed protection, by name or from fixed flags. */
#include <linux/mm.h>

static int named_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, PAGE_READONLY); /* mapping: remap_pfn_range override-constant permission possible */
}

static int computed_mmap(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot = vm_get_page_prot(VM_READ | VM_SHARED);

	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, prot); /* mapping: remap_pfn_range override-constant permission possible */
}

/* A constant that was stored is the VMA's own. */
static int stored_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = PAGE_READONLY;
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, /* mapping: remap_pfn_range vma-prot-updated possible */
			       vma->vm_page_prot);
}

const struct file_operations named_fops = { .mmap = named_mmap };
const struct file_operations computed_fops = { .mmap = computed_mmap };
const struct file_operations stored_fops = { .mmap = stored_mmap };
