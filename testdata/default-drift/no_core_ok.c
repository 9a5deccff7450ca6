/* Without pgprot_modify() nothing says what is kept. */
#include <linux/mm.h>

pgprot_t pgprot_writethrough(pgprot_t prot);

static int alone_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_writethrough(vma->vm_page_prot);
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations alone_fops = { .mmap = alone_mmap };
