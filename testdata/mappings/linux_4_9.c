/* Linux 4.9: error codes instead of vm_fault_t, the VMA beside the fault. */
/* --- file: Makefile */
VERSION = 4
PATCHLEVEL = 9
SUBLEVEL = 0
/* --- file: drivers/old.c */
#include <linux/mm.h>

int vm_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn);
int vm_insert_pfn_prot(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn,
		       pgprot_t prot);
int vm_insert_mixed(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn);

static int old_fault(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	if (document_is_device(vma->vm_private_data))
		return vm_insert_pfn_prot(vma, vmf->address, document_pfn(vma), /* mapping: vm_insert_pfn_prot override-derived caching possible ops=old_vm_ops */
					  pgprot_noncached(vma->vm_page_prot));
	if (vma->vm_flags & VM_MIXEDMAP)
		return vm_insert_mixed(vma, vmf->address, document_pfn(vma)); /* mapping: vm_insert_mixed implicit possible */
	return vm_insert_pfn(vma, vmf->address, document_pfn(vma)); /* mapping: vm_insert_pfn implicit possible */
}

static const struct vm_operations_struct old_vm_ops = { .fault = old_fault };

static int old_mmap(struct file *filp, struct vm_area_struct *vma)
{
	vma->vm_ops = &old_vm_ops;
	return 0;
}

const struct file_operations old_fops = { .mmap = old_mmap };
