/* Not stored: the entries differ from the default on purpose. */
/* --- file: include/linux/pgtable.h */
#include <linux/mm.h>

static inline pgprot_t pgprot_modify(pgprot_t oldprot, pgprot_t newprot)
{
	if (pgprot_val(oldprot) == pgprot_val(pgprot_noncached(oldprot)))
		newprot = pgprot_noncached(newprot);
	if (pgprot_val(oldprot) == pgprot_val(pgprot_writecombine(oldprot)))
		newprot = pgprot_writecombine(newprot);
	return newprot;
}
/* --- file: drivers/handed_over_ok.c */
#include <linux/mm.h>

pgprot_t pgprot_writethrough(pgprot_t prot);

static int handed_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
			       pgprot_writethrough(vma->vm_page_prot));
}

const struct file_operations handed_fops = { .mmap = handed_mmap };
