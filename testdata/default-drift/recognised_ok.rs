/* Modes that pgprot_modify() makes again. */
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
/* --- file: drivers/recognised_ok.rs */
use crate::bindings::*;

fn device_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_page_prot = pgprot_noncached(vma.vm_page_prot);
    vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE)
}

fn buffer_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_page_prot = pgprot_writecombine(vm_get_page_prot(vma.vm_flags));
    vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE)
}

pub static device_fops: file_operations = file_operations {
    mmap: Some(device_mmap),
};
pub static buffer_fops: file_operations = file_operations {
    mmap: Some(buffer_mmap),
};
