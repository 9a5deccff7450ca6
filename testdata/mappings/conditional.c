/* Sets: one value for each way. */
#include <linux/mm.h>

static int three_ways_mmap(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot = vma->vm_page_prot;

	switch (document_is_device(file)) {
	case 1:
		prot = pgprot_noncached(prot);
		break;
	case 2:
		prot = pgprot_decrypted(pgprot_writecombine(prot));
		break;
	}
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, prot); /* mapping: remap_pfn_range vma-prot,override-derived caching,encryption possible */
}

static int ternary_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, /* mapping: remap_pfn_range vma-prot,override-derived caching possible */
			       document_is_device(file) ? pgprot_noncached(vma->vm_page_prot)
							: vma->vm_page_prot);
}

/* Stored on one way, not on the other. */
static int sometimes_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (document_is_device(file))
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, /* mapping: remap_pfn_range vma-prot,vma-prot-updated possible */
			       vma->vm_page_prot);
}

const struct file_operations three_ways_fops = { .mmap = three_ways_mmap };
const struct file_operations ternary_fops = { .mmap = ternary_mmap };
const struct file_operations sometimes_fops = { .mmap = sometimes_mmap };
