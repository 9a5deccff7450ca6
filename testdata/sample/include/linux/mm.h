/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the sample needs of memory management, reduced to what it uses. */
#ifndef SAMPLE_LINUX_MM_H
#define SAMPLE_LINUX_MM_H

typedef struct { unsigned long pgprot; } pgprot_t;
typedef struct { unsigned long pte; } pte_t;
typedef unsigned int vm_fault_t;
typedef unsigned long vm_flags_t;

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)

#define VM_WRITE	0x00000002
#define VM_SHARED	0x00000008
#define VM_MAYWRITE	0x00000020
#define VM_PFNMAP	0x00000400
#define VM_IO		0x00004000
#define VM_DONTEXPAND	0x00040000
#define VM_DONTDUMP	0x04000000

#define PAGE_NONE	((pgprot_t) { 0x0 })
#define PAGE_READONLY	((pgprot_t) { 0x5 })
#define PAGE_SHARED	((pgprot_t) { 0x7 })

struct file;
struct mm_struct;
struct vm_fault;

struct vm_operations_struct {
	vm_fault_t (*fault)(struct vm_fault *vmf);
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct mm_struct *vm_mm;
	pgprot_t vm_page_prot;
	unsigned long vm_flags;
	const struct vm_operations_struct *vm_ops;
	unsigned long vm_pgoff;
	void *vm_private_data;
};

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long address;
	unsigned long pgoff;
};

struct file_operations {
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
};

static inline int is_cow_mapping(vm_flags_t flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

pgprot_t pgprot_noncached(pgprot_t prot);
pgprot_t pgprot_writecombine(pgprot_t prot);

pte_t pte_modify(pte_t old, pgprot_t prot);
pte_t ptep_get(pte_t *ptep);
void set_pte_at(struct mm_struct *mm, unsigned long address, pte_t *ptep, pte_t pte);

int remap_pfn_range(struct vm_area_struct *vma, unsigned long address,
		    unsigned long pfn, unsigned long size, pgprot_t prot);
vm_fault_t vmf_insert_pfn_prot(struct vm_area_struct *vma, unsigned long address,
			       unsigned long pfn, pgprot_t prot);

#endif
