/* A mode written as a number. */
/* --- file: include/linux/pgtable.h */
#include <linux/mm.h>

static inline pgprot_t pgprot_modify(pgprot_t oldprot, pgprot_t newprot)
{
	if (pgprot_val(oldprot) == pgprot_val(pgprot_noncached(oldprot)))
		newprot = pgprot_noncached(newprot);
	if (pgprot_val(oldprot) == pgprot_val(pgprot_writecombine(oldprot)))
		newprot = pgprot_writecombine(newprot);
	return newprot;
}
/* --- file: drivers/by_number_bad.rs */
use crate::bindings::*;

fn number_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_page_prot.pgprot |= 6 << 9; /* warning: [default-drift] single bits */
    vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE)
}

pub static number_fops: file_operations = file_operations {
    mmap: Some(number_mmap_bad),
};
