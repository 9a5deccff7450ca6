/* The finding is where the constant is named, wherever the insertion is. */
#include <linux/mm.h>

static int map_pages(struct vm_area_struct *vma, unsigned long pfn, pgprot_t prot)
{
	return remap_pfn_range(vma, vma->vm_start, pfn, PAGE_SIZE, prot);
}

static int handed_down_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	/* error: [prot-constant] `handed_down_mmap_bad` maps pages with `PAGE_SHARED` */
	return map_pages(vma, document_pfn(file), PAGE_SHARED);
}

/* The same helper, used well. */
static int handed_down_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	return map_pages(vma, document_pfn(file), vma->vm_page_prot);
}

static pgprot_t default_prot_bad(int is_device)
{
	if (is_device)
		/* error: [prot-constant] `default_prot_bad` gives out `PAGE_SHARED` */
		return pgprot_noncached(PAGE_SHARED);
	return PAGE_READONLY;
}

static int returned_mmap(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot = default_prot_bad(document_is_device(file));

	return map_pages(vma, document_pfn(file), prot);
}

static void fill_prot_bad(pgprot_t *prot)
{
	*prot = PAGE_SHARED; /* error: [prot-constant] `fill_prot_bad` gives out */
}

static int out_parameter_mmap(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot;

	fill_prot_bad(&prot);
	return map_pages(vma, document_pfn(file), prot);
}

const struct file_operations handed_down_bad_fops = { .mmap = handed_down_mmap_bad };
const struct file_operations handed_down_ok_fops = { .mmap = handed_down_mmap_ok };
const struct file_operations returned_fops = { .mmap = returned_mmap };
const struct file_operations out_parameter_fops = { .mmap = out_parameter_mmap };
