/* An architecture whose pgprot_modify() goes by bits keeps any mode made of its own. */
/* --- file: arch/x86/include/asm/pgtable.h */
#include <linux/mm.h>

#define _PAGE_CACHE_MASK	0x18
#define _PAGE_PWT		0x08

static inline pgprot_t pgprot_modify(pgprot_t oldprot, pgprot_t newprot)
{
	return __pgprot((pgprot_val(oldprot) & _PAGE_CACHE_MASK) | pgprot_val(newprot));
}
/* --- file: drivers/bits.rs */
use crate::bindings::*;

fn bits_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_page_prot.pgprot |= _PAGE_PWT;
    vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE)
}

pub static bits_fops: file_operations = file_operations {
    mmap: Some(bits_mmap),
};
