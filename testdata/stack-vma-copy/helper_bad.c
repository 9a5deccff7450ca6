/* The copy is made in one function, its protection changed in another. */
#include <linux/mm.h>

static void make_uncached_bad(struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot); /* error: [stack-vma-copy] `copy`, a copy of the VMA, is changed */
}

static vm_fault_t helper_fault(struct vm_fault *vmf)
{
	struct vm_area_struct copy = *vmf->vma;

	make_uncached_bad(&copy);
	return vmf_insert_pfn(&copy, vmf->address, document_pfn(vmf));
}

static const struct vm_operations_struct helper_vm_ops = { .fault = helper_fault };

static int helper_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &helper_vm_ops;
	return 0;
}

const struct file_operations helper_fops = { .mmap = helper_mmap };
