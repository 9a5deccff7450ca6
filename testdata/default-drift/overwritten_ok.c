/* What does not last does not count. */
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
/* --- file: drivers/overwritten_ok.c */
#include <linux/mm.h>

pgprot_t pgprot_writethrough(pgprot_t prot);

static int second_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_writethrough(vma->vm_page_prot);
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_page_prot = pgprot_modify(PAGE_READONLY, vma->vm_page_prot);
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations second_fops = { .mmap = second_mmap };
