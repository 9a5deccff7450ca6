/* In mmap it is harmless, unless it erases what the same way has stored before. */
#include <linux/mm.h>

static int erased_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_decrypted(vma->vm_page_prot);
	if (document_is_device(file))
		vma->vm_page_prot =
			pgprot_noncached(vm_get_page_prot(vma->vm_flags)); /* warning: [prot-recomputed] erases the encryption mode stored before */
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations erased_fops = { .mmap = erased_mmap_bad };
