/* One configuration has the mode. */
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
/* --- file: drivers/alternatives_bad.rs */
use crate::bindings::*;

fn either_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    #[cfg(CONFIG_DOCUMENT_THROUGH)]
    {
        vma.vm_page_prot = pgprot_writethrough(vma.vm_page_prot); /* warning: [default-drift] */
    }
    #[cfg(not(CONFIG_DOCUMENT_THROUGH))]
    {
        vma.vm_page_prot = pgprot_noncached(vma.vm_page_prot);
    }
    vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE)
}

pub static either_fops: file_operations = file_operations {
    mmap: Some(either_mmap_bad),
};
