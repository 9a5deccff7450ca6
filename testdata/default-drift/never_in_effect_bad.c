/* The entries are made by the fault handler: none of them ever has the mode. */
/* --- file: include/linux/pgtable.h */
#include <linux/mm.h>

static inline pgprot_t pgprot_modify(pgprot_t oldprot, pgprot_t newprot)
{
	if (pgprot_val(oldprot) == pgprot_val(pgprot_noncached(oldprot)))
		newprot = pgprot_noncached(newprot);
	if (pgprot_val(oldprot) == pgprot_val(pgprot_writecombine(oldprot)))
		newprot = pgprot_writecombine(newprot);
	return newprot;
}
/* --- file: drivers/never_in_effect_bad.c */
#include <linux/mm.h>

pgprot_t pgprot_writethrough(pgprot_t prot);

static vm_fault_t late_fault(struct vm_fault *vmf)
{
	return vmf_insert_mixed(vmf->vma, vmf->address, document_pfn(vmf));
}

static const struct vm_operations_struct late_vm_ops = { .fault = late_fault };

static int late_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_page_prot = pgprot_writethrough(vma->vm_page_prot); /* error: [default-drift] pgprot_writethrough */
	vma->vm_ops = &late_vm_ops;
	return 0;
}

const struct file_operations late_fops = { .mmap = late_mmap_bad };
