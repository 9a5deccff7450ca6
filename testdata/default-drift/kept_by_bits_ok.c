/* An architecture whose pgprot_modify() goes by bits keeps any mode made of its own. */
/* --- file: arch/x86/include/asm/pgtable.h */
#include <linux/mm.h>

#define _PAGE_CACHE_MASK	0x18
#define _PAGE_PWT		0x08

static inline pgprot_t pgprot_modify(pgprot_t oldprot, pgprot_t newprot)
{
	return __pgprot((pgprot_val(oldprot) & _PAGE_CACHE_MASK) | pgprot_val(newprot));
}
/* --- file: drivers/bits.c */
#include <linux/mm.h>

static int bits_mmap(struct file *file, struct vm_area_struct *vma)
{
	pgprot_val(vma->vm_page_prot) |= _PAGE_PWT;
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations bits_fops = { .mmap = bits_mmap };
