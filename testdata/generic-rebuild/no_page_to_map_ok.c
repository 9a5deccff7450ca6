/*
 * Handlers that have both, a page and overrides, and do not let the core map the page: they say
 * VM_FAULT_NOPAGE or fail, take the page back, or insert with the default protection.
 */
#include <linux/mm.h>

struct page *document_page(void *object, unsigned long pgoff);
int document_wait(void *object);

static vm_fault_t nopage_fault_ok(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	pgprot_t prot = pgprot_writecombine(vma->vm_page_prot);

	vmf->page = document_page(vma->vm_private_data, vmf->pgoff);
	vmf_insert_pfn_prot(vma, vmf->address, document_pfn(vmf->page), prot);
	if (document_wait(vma->vm_private_data))
		return VM_FAULT_SIGBUS;
	return VM_FAULT_NOPAGE;
}

static vm_fault_t taken_back_fault_ok(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	pgprot_t prot = pgprot_writecombine(vma->vm_page_prot);
	vm_fault_t ret;

	vmf->page = document_page(vma->vm_private_data, vmf->pgoff);
	ret = vmf_insert_pfn_prot(vma, vmf->address, document_pfn(vmf->page), prot);
	vmf->page = NULL;
	return ret;
}

static vm_fault_t default_fault_ok(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;

	vmf_insert_pfn_prot(vma, vmf->address ^ PAGE_SIZE, document_pfn(vmf), vma->vm_page_prot);
	vmf->page = document_page(vma->vm_private_data, vmf->pgoff);
	return 0;
}

/* The page belongs to a VMA of which nothing was inserted. */
static vm_fault_t page_fault_ok(struct vm_fault *vmf)
{
	vmf->page = document_page(vmf->vma->vm_private_data, vmf->pgoff);
	return 0;
}

static const struct vm_operations_struct nopage_vm_ops = { .fault = nopage_fault_ok };
static const struct vm_operations_struct taken_back_vm_ops = { .fault = taken_back_fault_ok };
static const struct vm_operations_struct default_vm_ops = { .fault = default_fault_ok };
static const struct vm_operations_struct page_vm_ops = { .fault = page_fault_ok };

static int buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	switch (vma->vm_pgoff) {
	case 0:
		vma->vm_ops = &nopage_vm_ops;
		break;
	case 1:
		vma->vm_ops = &taken_back_vm_ops;
		break;
	case 2:
		vma->vm_ops = &default_vm_ops;
		break;
	default:
		vma->vm_ops = &page_vm_ops;
	}
	return 0;
}

const struct file_operations buffer_fops = {
	.mmap = buffer_mmap,
};
