/* Alternatives of the preprocessor: in a function, and as a stub. */
#include <linux/mm.h>

#ifdef CONFIG_DOCUMENT_ENCRYPTED
static pgprot_t memory_prot(pgprot_t prot)
{
	return pgprot_decrypted(prot);
}
#else
static pgprot_t memory_prot(pgprot_t prot)
{
	return prot;
}
#endif

static int stub_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, /* mapping: remap_pfn_range vma-prot,override-derived encryption possible */
			       memory_prot(vma->vm_page_prot));
}

static int inside_mmap(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot = vma->vm_page_prot;

#ifdef CONFIG_DOCUMENT_UNCACHED
	prot = pgprot_noncached(prot);
#endif
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, prot); /* mapping: remap_pfn_range vma-prot,override-derived caching possible */
}

static int call_mmap(struct file *file, struct vm_area_struct *vma)
{
#ifdef CONFIG_DOCUMENT_IOMAP
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE); /* mapping: vm_iomap_memory implicit possible condition=CONFIG_DOCUMENT_IOMAP */
#else
	return -EINVAL;
#endif
}

const struct file_operations stub_fops = { .mmap = stub_mmap };
const struct file_operations inside_fops = { .mmap = inside_mmap };
const struct file_operations call_fops = { .mmap = call_mmap };
