/* While the VMA is made nobody else sees it. */
#include <linux/mm.h>

static void set_prot_ok(struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
}

static vm_fault_t plain_fault_ok(struct vm_fault *vmf)
{
	return vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf));
}

static const struct vm_operations_struct plain_vm_ops = {
	.fault = plain_fault_ok,
};

static int plain_mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	set_prot_ok(vma);
	vma->vm_page_prot = pgprot_decrypted(vma->vm_page_prot);
	vma->vm_ops = &plain_vm_ops;
	return 0;
}

const struct file_operations plain_fops = { .mmap = plain_mmap_ok };
