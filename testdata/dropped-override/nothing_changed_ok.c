/* Nobody stores through the pointer, or whoever does uses the value. */
#include <linux/mm.h>

static inline void document_stub(struct vm_area_struct *vma, pgprot_t *prot)
{
}

static vm_fault_t stub_fault(struct vm_fault *vmf)
{
	pgprot_t prot = vmf->vma->vm_page_prot;

	document_stub(vmf->vma, &prot);
	return vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf));
}

static int document_map(struct vm_area_struct *vma, unsigned long pfn, pgprot_t *prot)
{
	*prot = pgprot_writecombine(*prot);
	return remap_pfn_range(vma, vma->vm_start, pfn, PAGE_SIZE, *prot);
}

static int helper_mmap(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot = vma->vm_page_prot;

	return document_map(vma, document_pfn(file), &prot);
}

static const struct vm_operations_struct stub_vm_ops = { .fault = stub_fault };
const struct file_operations helper_fops = { .mmap = helper_mmap };
