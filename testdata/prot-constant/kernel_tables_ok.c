/* Drivers fill page tables of the kernel, too. */
#include <linux/mm.h>

extern struct mm_struct init_mm;

static void map_register_ok(unsigned long address, pte_t *ptep, unsigned long pfn)
{
	set_pte_at(&init_mm, address, ptep, pfn_pte(pfn, PAGE_KERNEL));
}

static int nothing_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	map_register_ok(vma->vm_start, NULL, document_pfn(file));
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations nothing_fops = { .mmap = nothing_mmap_ok };
