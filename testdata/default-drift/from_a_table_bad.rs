/* Bits that a table of the driver holds. */
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
/* --- file: drivers/from_a_table_bad.rs */
use crate::bindings::*;

struct document_range {
    mask: usize,
    flags: usize,
}

fn table_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    let range = file.private_data;

    vma.vm_page_prot.pgprot &= !range.mask;
    vma.vm_page_prot.pgprot |= range.flags; /* warning: [default-drift] single bits */
    vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE)
}

pub static table_fops: file_operations = file_operations {
    mmap: Some(table_mmap_bad),
};
