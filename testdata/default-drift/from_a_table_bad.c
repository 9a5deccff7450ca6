/* Bits that a table of the driver holds. */
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
/* --- file: drivers/from_a_table_bad.c */
#include <linux/mm.h>

struct document_range { unsigned long mask, flags; };

static int table_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	struct document_range *range = file->private_data;

	pgprot_val(vma->vm_page_prot) &= ~range->mask;
	pgprot_val(vma->vm_page_prot) |= range->flags; /* warning: [default-drift] single bits */
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations table_fops = { .mmap = table_mmap_bad };
