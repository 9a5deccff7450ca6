/* Modes that pgprot_modify() makes again. */
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
/* --- file: drivers/recognised_ok.c */
#include <linux/mm.h>

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

static int buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_writecombine(vm_get_page_prot(vma->vm_flags));
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations device_fops = { .mmap = device_mmap };
const struct file_operations buffer_fops = { .mmap = buffer_mmap };
