/* A helper that takes the protection is a row for each of its calls. */
#include <linux/mm.h>

static int map_with(struct vm_area_struct *vma, unsigned long pfn, pgprot_t prot)
{
	return remap_pfn_range(vma, vma->vm_start, pfn, PAGE_SIZE, prot); /* mapping: remap_pfn_range vma-prot,override-derived caching possible */
}

static int own_mmap(struct file *file, struct vm_area_struct *vma)
{
	return map_with(vma, document_pfn(file), vma->vm_page_prot); /* mapping: map_with vma-prot possible */
}

static int derived_mmap(struct file *file, struct vm_area_struct *vma)
{
	return map_with(vma, document_pfn(file), pgprot_noncached(vma->vm_page_prot)); /* mapping: map_with override-derived caching possible */
}

/* Nobody calls this. */
int exported_map(struct vm_area_struct *vma, unsigned long pfn, pgprot_t prot)
{
	return remap_pfn_range(vma, vma->vm_start, pfn, PAGE_SIZE, prot); /* mapping: remap_pfn_range param unknown */
}

const struct file_operations own_fops = { .mmap = own_mmap };
const struct file_operations derived_fops = { .mmap = derived_mmap };
