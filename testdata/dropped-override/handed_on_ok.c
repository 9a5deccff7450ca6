/* Computed and used: as an argument, stored to the VMA, or returned. */
#include <linux/mm.h>

static vm_fault_t passed_fault(struct vm_fault *vmf)
{
	pgprot_t prot = pgprot_writecombine(vmf->vma->vm_page_prot);

	return vmf_insert_pfn_prot(vmf->vma, vmf->address, document_pfn(vmf), prot);
}

static int stored_mmap(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot = pgprot_noncached(vma->vm_page_prot);

	vma->vm_page_prot = prot;
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

pgprot_t returned(struct vm_area_struct *vma)
{
	pgprot_t prot = vma->vm_page_prot;

	prot = pgprot_noncached(prot);
	return prot;
}

static const struct vm_operations_struct passed_vm_ops = { .fault = passed_fault };
const struct file_operations stored_fops = { .mmap = stored_mmap };
