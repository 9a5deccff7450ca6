/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the documents need of a kernel, reduced to what they use. Every document sees this header
 * unless it brings its own.
 */
#ifndef DOCUMENT_LINUX_MM_H
#define DOCUMENT_LINUX_MM_H

typedef struct { unsigned long pgprot; } pgprot_t;
typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long pmd; } pmd_t;
typedef struct { unsigned long pud; } pud_t;
typedef unsigned int vm_fault_t;
typedef unsigned long vm_flags_t;

#define NULL		((void *)0)
#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define EINVAL		22
#define EACCES		13

#define VM_FAULT_OOM		0x0001
#define VM_FAULT_SIGBUS		0x0002
#define VM_FAULT_NOPAGE		0x0100
#define VM_FAULT_LOCKED		0x0200
#define VM_FAULT_RETRY		0x0400
#define VM_FAULT_ERROR		(VM_FAULT_OOM | VM_FAULT_SIGBUS)

#define VM_READ		0x00000001
#define VM_WRITE	0x00000002
#define VM_EXEC		0x00000004
#define VM_SHARED	0x00000008
#define VM_MAYREAD	0x00000010
#define VM_MAYWRITE	0x00000020
#define VM_MAYSHARE	0x00000080
#define VM_PFNMAP	0x00000400
#define VM_IO		0x00004000
#define VM_DONTEXPAND	0x00040000
#define VM_DONTDUMP	0x04000000
#define VM_MIXEDMAP	0x10000000

#define PAGE_NONE	((pgprot_t) { 0x0 })
#define PAGE_READONLY	((pgprot_t) { 0x5 })
#define PAGE_COPY	((pgprot_t) { 0x5 })
#define PAGE_SHARED	((pgprot_t) { 0x7 })
#define PAGE_KERNEL	((pgprot_t) { 0x3 })

struct file { void *private_data; };
struct page;
struct mm_struct { struct vm_area_struct *mmap; };
struct vm_fault;
struct vm_area_desc;

struct vm_operations_struct {
	void (*open)(struct vm_area_struct *vma);
	int (*mremap)(struct vm_area_struct *vma);
	vm_fault_t (*fault)(struct vm_fault *vmf);
	vm_fault_t (*huge_fault)(struct vm_fault *vmf, unsigned int order);
	vm_fault_t (*pfn_mkwrite)(struct vm_fault *vmf);
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct vm_area_struct *vm_next;
	struct mm_struct *vm_mm;
	pgprot_t vm_page_prot;
	unsigned long vm_flags;
	const struct vm_operations_struct *vm_ops;
	unsigned long vm_pgoff;
	struct file *vm_file;
	void *vm_private_data;
};

/* What stands for a VMA before it exists, since 6.16. */
struct vm_area_desc {
	struct mm_struct *mm;
	unsigned long start;
	unsigned long end;
	unsigned long pgoff;
	vm_flags_t vm_flags;
	pgprot_t page_prot;
	const struct vm_operations_struct *vm_ops;
	void *private_data;
};

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long address;
	unsigned long pgoff;
	unsigned long flags;
	struct page *page;
	struct page *cow_page;
};

struct file_operations {
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	int (*mmap_prepare)(struct vm_area_desc *desc);
	long (*unlocked_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
};

static inline int is_cow_mapping(vm_flags_t flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}

pgprot_t pgprot_noncached(pgprot_t prot);
pgprot_t pgprot_writecombine(pgprot_t prot);
pgprot_t pgprot_decrypted(pgprot_t prot);
pgprot_t pgprot_modify(pgprot_t old, pgprot_t new);
pgprot_t vm_get_page_prot(unsigned long flags);

pte_t mk_pte(struct page *page, pgprot_t prot);
pte_t pfn_pte(unsigned long pfn, pgprot_t prot);
pmd_t pfn_pmd(unsigned long pfn, pgprot_t prot);
pte_t pte_mkspecial(pte_t pte);
pte_t pte_mkdirty(pte_t pte);
pte_t pte_modify(pte_t old, pgprot_t prot);
pmd_t pmd_modify(pmd_t old, pgprot_t prot);
pte_t ptep_get(pte_t *ptep);
void set_pte_at(struct mm_struct *mm, unsigned long address, pte_t *ptep, pte_t pte);

int remap_pfn_range(struct vm_area_struct *vma, unsigned long address,
		    unsigned long pfn, unsigned long size, pgprot_t prot);
vm_fault_t vmf_insert_pfn(struct vm_area_struct *vma, unsigned long address,
			  unsigned long pfn);
vm_fault_t vmf_insert_pfn_prot(struct vm_area_struct *vma, unsigned long address,
			       unsigned long pfn, pgprot_t prot);
vm_fault_t vmf_insert_mixed(struct vm_area_struct *vma, unsigned long address,
			    unsigned long pfn);
int vm_iomap_memory(struct vm_area_struct *vma, unsigned long start, unsigned long len);

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long address);
struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long address);

/* Stands for everything a driver knows that does not matter here. */
unsigned long document_pfn(void *object);
int document_is_device(void *object);

#endif
