/* What the rule gets wrong, and why. */
#include <linux/mm.h>

struct mm_struct *document_mm(void);

/* The store is in a helper that is given the VMA: helpers are taken for parts of mmap. */
static void FN_store_bad(struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
}

long FN_helper_ioctl_bad(struct file *file, unsigned int cmd, unsigned long arg)
{
	FN_store_bad(find_vma(document_mm(), arg));
	return 0;
}

/* The VMA was remembered in the mmap operation. */
long FN_remembered_ioctl_bad(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vm_area_struct *vma = file->private_data;

	vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	return 0;
}

const struct file_operations helper_fops = { .unlocked_ioctl = FN_helper_ioctl_bad };
const struct file_operations remembered_fops = { .unlocked_ioctl = FN_remembered_ioctl_bad };
