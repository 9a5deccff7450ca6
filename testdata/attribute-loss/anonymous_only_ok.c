/* Only mappings without operations get as far as the helper that would lose the type; no driver
 * inserts its own entries into those. */
/* --- file: arch/toy/include/asm/pgtable.h */
#define PFN 0xfffffffffffff000UL
#define VALID 0x1UL
#define WRITE 0x2UL
#define CACHE 0x30UL
#define UNCACHED 0x10UL
#define COMBINED 0x20UL
#define DIRTY 0x40UL
#define ACCESSED 0x80UL

typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long prot; } pgprot_t;
#define pte_val(x) ((x).pte)
#define pgprot_val(x) ((x).prot)
#define __pte(x) ((pte_t) { (x) })
#define __pgprot(x) ((pgprot_t) { (x) })

#define PAGE_NONE __pgprot(0)
#define PAGE_READONLY __pgprot(VALID)
#define PAGE_SHARED __pgprot(VALID | WRITE)

#define pgprot_noncached(prot) __pgprot((pgprot_val(prot) & ~CACHE) | UNCACHED)
#define pgprot_writecombine(prot) __pgprot((pgprot_val(prot) & ~CACHE) | COMBINED)

#define KEPT (PFN | DIRTY | ACCESSED)

static inline pte_t pte_modify(pte_t pte, pgprot_t prot)
{
	return __pte((pte_val(pte) & KEPT) | (pgprot_val(prot) & ~KEPT));
}
/* --- file: mm/protect.c */
#include <linux/mm.h>

static bool is_anonymous(struct vm_area_struct *vma)
{
	return !vma->vm_ops;
}

static void protect_ok(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	if (!is_anonymous(vma))
		return;
	set_pte_at(vma->vm_mm, address, ptep, pte_modify(old, vma->vm_page_prot));
}

void protect(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (vma)
		protect_ok(vma, address, ptep);
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
