// SPDX-License-Identifier: MIT OR Apache-2.0
/* A frame buffer whose pages are mapped one by one. */
#include <linux/mm.h>

struct sample_fb {
	void *screen;
	unsigned long size;
};

struct sample_fb *sample_fb_of(struct file *file);
unsigned long sample_fb_pfn(void *address);

static int sample_fb_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct sample_fb *fb = sample_fb_of(file);
	unsigned long address = vma->vm_start;
	unsigned long size = vma->vm_end - vma->vm_start;
	char *page = fb->screen;

	if (size > fb->size)
		return -22;

	while (size > 0) {
		if (remap_pfn_range(vma, address, sample_fb_pfn(page),
				    PAGE_SIZE, PAGE_SHARED))
			return -11;
		address += PAGE_SIZE;
		page += PAGE_SIZE;
		size = size > PAGE_SIZE ? size - PAGE_SIZE : 0;
	}
	return 0;
}

const struct file_operations sample_fb_fops = {
	.mmap = sample_fb_mmap,
};
