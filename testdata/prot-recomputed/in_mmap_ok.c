/* While the VMA is made, nothing has been put there that could be lost. */
#include <linux/mm.h>

static int object_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	if (document_is_device(file))
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations object_fops = { .mmap = object_mmap };
