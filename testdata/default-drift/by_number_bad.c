/* A mode written as a number. */
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
/* --- file: drivers/by_number_bad.c */
#include <linux/mm.h>

static int number_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	pgprot_val(vma->vm_page_prot) |= 6 << 9; /* warning: [default-drift] single bits */
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations number_fops = { .mmap = number_mmap_bad };
