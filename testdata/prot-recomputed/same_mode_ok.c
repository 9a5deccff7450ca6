/* The same attribute is stored again: nothing is lost. */
#include <linux/mm.h>

static int twice_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	if (document_is_device(file))
		vma->vm_page_prot = pgprot_noncached(vm_get_page_prot(vma->vm_flags));
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations twice_fops = { .mmap = twice_mmap };
