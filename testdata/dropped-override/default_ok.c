/* A copy, and the default for the flags: nothing is lost with them. */
#include <linux/mm.h>

static int copied_mmap(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot = vma->vm_page_prot;

	prot = vm_get_page_prot(vma->vm_flags);
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations copied_fops = { .mmap = copied_mmap };
