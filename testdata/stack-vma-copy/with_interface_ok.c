/* Since 5.6 the protection is handed over. */
#include <linux/mm.h>

static vm_fault_t buffer_fault_ok(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	pgprot_t prot = vma->vm_page_prot;

	if (document_is_device(vma->vm_private_data))
		prot = pgprot_writecombine(prot);
	return vmf_insert_pfn_prot(vma, vmf->address, document_pfn(vmf), prot);
}

static const struct vm_operations_struct buffer_vm_ops = { .fault = buffer_fault_ok };

static int buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &buffer_vm_ops;
	return 0;
}

const struct file_operations buffer_fops = { .mmap = buffer_mmap };
