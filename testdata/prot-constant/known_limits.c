/* What the rule gets wrong, and why. */
#include <linux/mm.h>

#define DEVICE_PROT	PAGE_SHARED
#define _PAGE_PRESENT	1
#define _PAGE_RW	2
#define _PAGE_USER	4

/* A protection behind a macro of the driver's own is not seen through. */
static int FN_renamed_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, DEVICE_PROT);
}

/* Nor is one that is put together from bits. */
static int FN_bits_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot = { _PAGE_PRESENT | _PAGE_RW | _PAGE_USER };

	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, prot);
}

/* The right to write is taken away again, bit by bit. */
static int FP_cleared_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot = PAGE_SHARED; /* error: [prot-constant] */

	pgprot_val(prot) &= ~_PAGE_RW;
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, prot);
}

/* What the driver asks its own object is not related to the flags of the mapping. */
static int FP_remembered_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	int may_write = (vma->vm_flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE);

	if (!may_write)
		return -EACCES;
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
			       PAGE_SHARED); /* error: [prot-constant] */
}

const struct file_operations renamed_fops = { .mmap = FN_renamed_mmap_bad };
const struct file_operations bits_fops = { .mmap = FN_bits_mmap_bad };
const struct file_operations cleared_fops = { .mmap = FP_cleared_mmap_ok };
const struct file_operations remembered_fops = { .mmap = FP_remembered_mmap_ok };
