/* Linux 7.x: what will be a VMA is described first; its protection is `page_prot`. */
#include <linux/mm.h>

static int described_mmap_bad(struct vm_area_desc *desc)
{
	desc->page_prot = PAGE_SHARED; /* error: [prot-constant] read-only or private */
	return 0;
}

static int described_mmap_ok(struct vm_area_desc *desc)
{
	desc->page_prot = pgprot_noncached(desc->page_prot);
	return 0;
}

static int demanded_mmap_ok(struct vm_area_desc *desc)
{
	if ((desc->vm_flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE))
		return -EINVAL;
	desc->page_prot = PAGE_SHARED;
	return 0;
}

const struct file_operations described_bad_fops = { .mmap_prepare = described_mmap_bad };
const struct file_operations described_ok_fops = { .mmap_prepare = described_mmap_ok };
const struct file_operations demanded_fops = { .mmap_prepare = demanded_mmap_ok };
