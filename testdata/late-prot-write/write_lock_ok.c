/* open() and mremap() of a VMA run with the lock held for writing, before others see the new one. */
#include <linux/mm.h>

static void reopen_ok(struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
}

static int moved_ok(struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	return 0;
}

static const struct vm_operations_struct changing_vm_ops = {
	.open = reopen_ok,
	.mremap = moved_ok,
};

static int changing_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &changing_vm_ops;
	return 0;
}

const struct file_operations changing_fops = { .mmap = changing_mmap };
