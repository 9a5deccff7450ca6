/* The attributes of the old protection are kept. */
/* --- file: mm/merge.rs */
use crate::bindings::*;

pub fn document_default(old: pgprot_t, flags: usize) -> pgprot_t {
    pgprot_modify(old, vm_get_page_prot(flags))
}
