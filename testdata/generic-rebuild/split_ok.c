/* The same, after mappings with operations have been turned away. */
/* --- file: mm/split.c */
#include <linux/mm.h>

static inline bool vma_is_anonymous(struct vm_area_struct *vma)
{
	return !vma->vm_ops;
}

static void split_ok(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	if (!vma_is_anonymous(vma))
		return;
	set_pte_at(vma->vm_mm, address, ptep, mk_pte(pte_page(old), vma->vm_page_prot));
}

void split_range(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (vma)
		split_ok(vma, address, ptep);
}

/* --- file: drivers/gpu/first.c */
#include <linux/mm.h>

static vm_fault_t first_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	pgprot_t prot = pgprot_writecombine(vma->vm_page_prot);

	return vmf_insert_pfn_prot(vma, vmf->address, document_pfn(vma->vm_private_data), prot);
}

static const struct vm_operations_struct first_vm_ops = {
	.fault = first_fault,
};

static int first_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;
	vm_flags_set(vma, VM_PFNMAP);
	vma->vm_ops = &first_vm_ops;
	return 0;
}

static const struct file_operations first_fops = {
	.mmap = first_mmap,
};
