/* The constant is chosen by what the mapping allows. */
#include <linux/mm.h>

static int choose_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot;

	if ((vma->vm_flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE))
		prot = PAGE_SHARED;
	else
		prot = PAGE_READONLY;
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, prot);
}

static int branch_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	if ((vma->vm_flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE))
		return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE,
				       PAGE_SHARED);
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, PAGE_READONLY);
}

const struct file_operations choose_fops = { .mmap = choose_mmap_ok };
const struct file_operations branch_fops = { .mmap = branch_mmap_ok };
