/* What a fault handler may do: derive, and hand over. */
#include <linux/mm.h>

static vm_fault_t derive_fault_ok(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	pgprot_t prot = pgprot_noncached(vma->vm_page_prot);

	return vmf_insert_pfn_prot(vma, vmf->address, document_pfn(vmf), prot);
}

static const struct vm_operations_struct derive_vm_ops = { .fault = derive_fault_ok };

static int derive_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &derive_vm_ops;
	return 0;
}

/* A VMA that is looked up to be read. */
unsigned long flags_of_ok(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma ? vma->vm_flags : 0;
}

const struct file_operations derive_fops = { .mmap = derive_mmap };
