/* Linux 7.x: mmap_prepare() fills in a description; the fault handler meets the VMA made of it. */
#include <linux/mm.h>

static vm_fault_t described_fault(struct vm_fault *vmf)
{
	return vmf_insert_pfn_prot(vmf->vma, vmf->address, document_pfn(vmf), /* mapping: vmf_insert_pfn_prot vma-prot-updated refused flags=VM_SHARED ops=described_vm_ops */
				   vmf->vma->vm_page_prot);
}

static const struct vm_operations_struct described_vm_ops = { .fault = described_fault };

static int described_mmap(struct vm_area_desc *desc)
{
	if (!(desc->vm_flags & VM_SHARED))
		return -EINVAL;
	desc->page_prot = pgprot_noncached(desc->page_prot);
	desc->vm_ops = &described_vm_ops;
	return 0;
}

const struct file_operations described_fops = { .mmap_prepare = described_mmap };
