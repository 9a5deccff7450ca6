/* A copy to look at, or one whose other members are changed, smuggles no protection. */
#include <linux/mm.h>

void show(const struct vm_area_struct *vma);

static int snapshot_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	struct vm_area_struct before = *vma;

	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	show(&before);
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

static int shifted_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	struct vm_area_struct shifted = *vma;

	shifted.vm_pgoff = 0;
	show(&shifted);
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations snapshot_fops = { .mmap = snapshot_mmap_ok };
const struct file_operations shifted_fops = { .mmap = shifted_mmap_ok };
