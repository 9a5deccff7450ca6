/* The entries are made by the fault handler: none of them ever has the mode. */
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
/* --- file: drivers/never_in_effect_bad.rs */
use crate::bindings::*;

fn late_fault(vmf: &mut vm_fault) -> vm_fault_t {
    vmf_insert_mixed(vmf.vma, vmf.address, document_pfn(vmf))
}

static late_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(late_fault),
};

fn late_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_MIXEDMAP);
    vma.vm_page_prot = pgprot_writethrough(vma.vm_page_prot); /* error: [default-drift] pgprot_writethrough */
    vma.vm_ops = Some(&late_vm_ops);
    0
}

pub static late_fops: file_operations = file_operations {
    mmap: Some(late_mmap_bad),
};
