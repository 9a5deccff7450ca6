// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Buffers that move between system and device memory while user space has them mapped. Each
 * fault gives the entry the caching mode of the place the buffer is in now; vm_page_prot cannot
 * follow, so entries and VMA disagree: an override mapping.
 */
#include <linux/mm.h>

enum sample_place {
	SAMPLE_SYSTEM,
	SAMPLE_DEVICE,
};

struct sample_buffer {
	enum sample_place place;
	unsigned long first_pfn;
	unsigned long registers_pfn;
};

struct sample_buffer *sample_gem_lookup(struct file *file, unsigned long offset);

static pgprot_t sample_gem_prot(struct sample_buffer *buffer, pgprot_t prot)
{
	if (buffer->place == SAMPLE_DEVICE)
		return pgprot_writecombine(prot);
	return prot;
}

static vm_fault_t sample_gem_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct sample_buffer *buffer = vma->vm_private_data;
	unsigned long pfn = buffer->first_pfn + vmf->pgoff - vma->vm_pgoff;
	pgprot_t prot = sample_gem_prot(buffer, vma->vm_page_prot);

	return vmf_insert_pfn_prot(vma, vmf->address, pfn, prot);
}

static const struct vm_operations_struct sample_gem_vm_ops = {
	.fault = sample_gem_fault,
};

static int sample_gem_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct sample_buffer *buffer = sample_gem_lookup(file, vma->vm_pgoff);

	if (!buffer || is_cow_mapping(vma->vm_flags))
		return -22;

	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_private_data = buffer;
	vma->vm_ops = &sample_gem_vm_ops;
	return 0;
}

/* The registers do not move: their caching mode is stored in the VMA, and both agree. */
static int sample_gem_mmap_registers(struct file *file, struct vm_area_struct *vma)
{
	struct sample_buffer *buffer = sample_gem_lookup(file, vma->vm_pgoff);

	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return remap_pfn_range(vma, vma->vm_start, buffer->registers_pfn,
			       PAGE_SIZE, vma->vm_page_prot);
}

const struct file_operations sample_gem_fops = {
	.mmap = sample_gem_mmap,
};

const struct file_operations sample_gem_registers_fops = {
	.mmap = sample_gem_mmap_registers,
};
