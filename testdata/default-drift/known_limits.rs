/* What the rule does not see: a helper that it has no word for may do anything. */
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
/* --- file: drivers/known_limits.rs */
use crate::bindings::*;

fn FN_own_helper_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_page_prot = document_mode(vma.vm_page_prot);
    vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE)
}

pub static own_helper_fops: file_operations = file_operations {
    mmap: Some(FN_own_helper_mmap_bad),
};
