/* An ioctl maps on behalf of the caller, then looks for what it has mapped. */
#include <linux/mm.h>

unsigned long vm_mmap(struct file *file, unsigned long addr, unsigned long len,
		      unsigned long prot, unsigned long flag, unsigned long offset);
struct mm_struct *document_mm(void);

long map_ioctl_bad(struct file *file, unsigned int cmd, unsigned long arg)
{
	unsigned long addr = vm_mmap(file, 0, PAGE_SIZE, 3, 1, 0);
	struct mm_struct *mm = document_mm();
	struct vm_area_struct *vma;

	vma = find_vma(mm, addr);
	if (vma)
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot); /* warning: [late-prot-write] of a VMA that has been in use since mmap() returned */
	return 0;
}

long lookup_ioctl_bad(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vm_area_struct *vma = vma_lookup(document_mm(), arg);

	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot); /* warning: [late-prot-write] */
	return 0;
}

const struct file_operations map_fops = { .unlocked_ioctl = map_ioctl_bad };
const struct file_operations lookup_fops = { .unlocked_ioctl = lookup_ioctl_bad };
