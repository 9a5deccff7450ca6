// SPDX-License-Identifier: MIT OR Apache-2.0
/* A driver with a finding that has been there for long. */
#include <linux/mm.h>

static int first_fb_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;

	return remap_pfn_range(vma, vma->vm_start, first_fb_pfn(file), size, PAGE_SHARED);
}

static const struct file_operations first_fb_fops = {
	.mmap = first_fb_mmap,
};
