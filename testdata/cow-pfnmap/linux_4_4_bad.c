/* Linux 4.4: another name, and the VMA beside the fault. */
/* --- file: Makefile */
VERSION = 4
PATCHLEVEL = 4
SUBLEVEL = 1
/* --- file: drivers/old.c */
#include <linux/mm.h>

int vm_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn);

static int old_fault_bad(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	return vm_insert_pfn(vma, vmf->address, document_pfn(vma)); /* error: [cow-pfnmap] BUGs */
}

static const struct vm_operations_struct old_vm_ops = { .fault = old_fault_bad };

static int old_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_flags |= VM_IO | VM_PFNMAP;
	vma->vm_ops = &old_vm_ops;
	return 0;
}

const struct file_operations old_fops = { .mmap = old_mmap };
