/* Not stored: the entries differ from the default on purpose. */
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
/* --- file: drivers/handed_over_ok.rs */
use crate::bindings::*;

fn handed_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, pgprot_writethrough(vma.vm_page_prot))
}

pub static handed_fops: file_operations = file_operations {
    mmap: Some(handed_mmap),
};
