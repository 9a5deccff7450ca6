/* One configuration has the mode. */
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
/* --- file: drivers/alternatives_bad.c */
#include <linux/mm.h>

pgprot_t pgprot_writethrough(pgprot_t prot);

static int either_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
#ifdef CONFIG_DOCUMENT_THROUGH
	vma->vm_page_prot = pgprot_writethrough(vma->vm_page_prot); /* warning: [default-drift] */
#else
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
#endif
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations either_fops = { .mmap = either_mmap_bad };
