/* Huge faults and write notifications run under the same lock. */
#include <linux/mm.h>

static void set_uncached_bad(struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot); /* error: [late-prot-write] `set_uncached_bad`, called by `huge_fault` */
}

static vm_fault_t huge_fault(struct vm_fault *vmf, unsigned int order)
{
	set_uncached_bad(vmf->vma);
	return 0;
}

static vm_fault_t notify_bad(struct vm_fault *vmf)
{
	vmf->vma->vm_page_prot = vm_get_page_prot(vmf->vma->vm_flags); /* error: [late-prot-write] `notify_bad` changes */
	return 0;
}

static const struct vm_operations_struct other_vm_ops = {
	.huge_fault = huge_fault,
	.pfn_mkwrite = notify_bad,
};

static int other_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &other_vm_ops;
	return 0;
}

const struct file_operations other_fops = { .mmap = other_mmap };
