/* The protection comes back through a pointer. */
#include <linux/mm.h>

static void choose(void *object, pgprot_t *prot)
{
	if (document_is_device(object))
		*prot = pgprot_noncached(*prot);
}

static int local_mmap(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot = vma->vm_page_prot;

	choose(file, &prot);
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, prot); /* mapping: remap_pfn_range vma-prot,override-derived caching possible */
}

/* Through a pointer to the VMA's own, it is stored. */
static int own_mmap(struct file *file, struct vm_area_struct *vma)
{
	choose(file, &vma->vm_page_prot);
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, /* mapping: remap_pfn_range vma-prot,vma-prot-updated possible */
			       vma->vm_page_prot);
}

const struct file_operations local_fops = { .mmap = local_mmap };
const struct file_operations own_fops = { .mmap = own_mmap };
