/* Operations of different structures have members of the same name; the type tells them apart. */
#include <linux/mm.h>

struct device;
struct display;

struct device_ops { int (*map)(struct device *device, struct vm_area_struct *vma); };
struct display_ops { int (*map)(struct display *display, struct vm_area_struct *vma); };

struct device { const struct device_ops *ops; unsigned long pfn; };
struct display { const struct display_ops *ops; unsigned long pfn; };

static int device_map(struct device *device, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, device->pfn, PAGE_SIZE, /* mapping: remap_pfn_range override-derived caching refused path=device_mmap,device_map */
			       pgprot_noncached(vma->vm_page_prot));
}

static int display_map(struct display *display, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, display->pfn, PAGE_SIZE, /* mapping: remap_pfn_range vma-prot possible path=display_mmap,display_map */
			       vma->vm_page_prot);
}

static const struct device_ops device_ops = { .map = device_map };
static const struct display_ops display_ops = { .map = display_map };

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct device *device = file->private_data;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	return device->ops->map(device, vma);
}

static int display_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct display *display = file->private_data;

	return display->ops->map(display, vma);
}

const struct file_operations device_fops = { .mmap = device_mmap };
const struct file_operations display_fops = { .mmap = display_mmap };
