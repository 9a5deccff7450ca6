/* What the rule gets wrong, and why. */
#include <linux/mm.h>

void *memcpy(void *to, const void *from, unsigned long size);

struct request {
	struct vm_area_struct vma;
	unsigned long pfn;
};

/* A copy by memcpy() is not recognised as one. */
static vm_fault_t FN_memcpy_fault_bad(struct vm_fault *vmf)
{
	struct vm_area_struct copy;

	memcpy(&copy, vmf->vma, sizeof(copy));
	copy.vm_page_prot = pgprot_noncached(copy.vm_page_prot);
	return vmf_insert_pfn(&copy, vmf->address, document_pfn(vmf));
}

/* One inside of something else is taken for the VMA itself: right to complain, wrong about what. */
static vm_fault_t FP_member_fault_bad(struct vm_fault *vmf)
{
	struct request request;

	request.vma = *vmf->vma;
	request.vma.vm_page_prot = pgprot_noncached(request.vma.vm_page_prot); /* error: [late-prot-write] */
	return vmf_insert_pfn(&request.vma, vmf->address, request.pfn);
}

/* Nobody inserts anything for this copy: a strange way to compute, but harmless. */
static vm_fault_t FP_computed_fault_ok(struct vm_fault *vmf)
{
	struct vm_area_struct copy = *vmf->vma;

	copy.vm_page_prot = pgprot_noncached(copy.vm_page_prot); /* error: [stack-vma-copy] */
	return vmf_insert_pfn_prot(vmf->vma, vmf->address, document_pfn(vmf),
				   copy.vm_page_prot);
}

static const struct vm_operations_struct memcpy_vm_ops = { .fault = FN_memcpy_fault_bad };
static const struct vm_operations_struct member_vm_ops = { .fault = FP_member_fault_bad };
static const struct vm_operations_struct computed_vm_ops = { .fault = FP_computed_fault_ok };

static int memcpy_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &memcpy_vm_ops;
	return 0;
}

static int member_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &member_vm_ops;
	return 0;
}

static int computed_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &computed_vm_ops;
	return 0;
}

const struct file_operations memcpy_fops = { .mmap = memcpy_mmap };
const struct file_operations member_fops = { .mmap = member_mmap };
const struct file_operations computed_fops = { .mmap = computed_mmap };
