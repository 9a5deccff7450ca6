/* A page that a handler returns may be mapped with the default protection. */
/* --- file: drivers/buffer.c */
#include <linux/mm.h>

static vm_fault_t buffer_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;

	return vmf_insert_pfn_prot(vma, vmf->address, document_pfn(vmf),
				   pgprot_writecombine(vma->vm_page_prot));
}

static const struct vm_operations_struct buffer_vm_ops = {
	.fault = buffer_fault,
};

static int buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_ops = &buffer_vm_ops;
	return 0;
}

const struct file_operations buffer_fops = {
	.mmap = buffer_mmap,
};
/* --- file: mm/memory.c */
#include <linux/mm.h>

static vm_fault_t __do_fault(struct vm_fault *vmf)
{
	return vmf->vma->vm_ops->fault(vmf);
}

static void set_pte_range(struct vm_fault *vmf, struct page *page, pte_t *ptep)
{
	struct vm_area_struct *vma = vmf->vma;

	set_pte_at(vma->vm_mm, vmf->address, ptep, mk_pte(page, vma->vm_page_prot)); /* reader: construct pte vm_page_prot safe why=fault-page */
}

static vm_fault_t do_read_fault(struct vm_fault *vmf, pte_t *ptep)
{
	vm_fault_t ret = __do_fault(vmf);

	if (ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY))
		return ret;
	set_pte_range(vmf, vmf->page, ptep);
	return ret;
}

vm_fault_t handle_mm_fault(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);
	struct vm_fault vmf = { .vma = vma, .address = address };

	if (!vma || !vma->vm_ops)
		return VM_FAULT_SIGBUS;
	return do_read_fault(&vmf, ptep);
}
