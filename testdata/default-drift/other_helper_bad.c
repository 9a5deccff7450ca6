/* A mode that pgprot_modify() does not recognise; the entries are made in mmap. */
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
/* --- file: drivers/other_helper_bad.c */
#include <linux/mm.h>

pgprot_t pgprot_writethrough(pgprot_t prot);

static int through_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_writethrough(vma->vm_page_prot); /* warning: [default-drift] pgprot_writethrough */
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations through_fops = { .mmap = through_mmap_bad };
