/* What the rule does not see: a helper that it has no word for may do anything. */
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
/* --- file: drivers/known_limits.c */
#include <linux/mm.h>

pgprot_t document_mode(pgprot_t prot);

static int FN_own_helper_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = document_mode(vma->vm_page_prot);
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations own_helper_fops = { .mmap = FN_own_helper_mmap_bad };
