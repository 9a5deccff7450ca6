/* What is made of fixed flags is a fixed protection. */
#include <linux/mm.h>

static int of_flags_bad(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, vm_get_page_prot(VM_READ | VM_WRITE | VM_SHARED)); /* error: [prot-constant] which allows writing */
}

static int of_private_flags_ok(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
			       vm_get_page_prot(VM_READ | VM_WRITE));
}

const struct file_operations of_flags_fops = { .mmap = of_flags_bad };
const struct file_operations of_private_flags_fops = { .mmap = of_private_flags_ok };
