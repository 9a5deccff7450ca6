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
/* --- file: mm/protect.rs */
use crate::bindings::*;

fn is_anonymous(vma: &vm_area_struct) -> bool {
    vma.vm_ops.is_none()
}

fn protect_ok(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    let old = ptep_get(ptep);

    if !is_anonymous(vma) {
        return;
    }
    set_pte_at(vma.vm_mm, address, ptep, pte_modify(old, vma.vm_page_prot));
}

pub fn protect(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) {
    let vma = find_vma(mm, address);

    if let Some(vma) = vma {
        protect_ok(vma, address, ptep);
    }
}
/* --- file: drivers/gpu/first.rs */
use crate::bindings::*;

fn first_fault(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;
    let prot = pgprot_writecombine(vma.vm_page_prot);

    vmf_insert_pfn_prot(vma, vmf.address, document_pfn(vma.vm_private_data), prot)
}

static first_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(first_fault),
};

fn first_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if is_cow_mapping(vma.vm_flags) {
        return -EINVAL;
    }
    vm_flags_set(vma, VM_PFNMAP);
    vma.vm_ops = Some(&first_vm_ops);
    0
}

static first_fops: file_operations = file_operations {
    mmap: Some(first_mmap),
};
