/* Linux 7.x: what will be a VMA is described first; its protection is `page_prot`. */
use crate::bindings::*;

fn described_mmap_bad(desc: &mut vm_area_desc) -> i32 {
    desc.page_prot = PAGE_SHARED; /* error: [prot-constant] read-only or private */
    0
}

fn described_mmap_ok(desc: &mut vm_area_desc) -> i32 {
    desc.page_prot = pgprot_noncached(desc.page_prot);
    0
}

fn demanded_mmap_ok(desc: &mut vm_area_desc) -> i32 {
    if (desc.vm_flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE) {
        return -EINVAL;
    }
    desc.page_prot = PAGE_SHARED;
    0
}

pub static described_bad_fops: file_operations = file_operations {
    mmap_prepare: Some(described_mmap_bad),
};
pub static described_ok_fops: file_operations = file_operations {
    mmap_prepare: Some(described_mmap_ok),
};
pub static demanded_fops: file_operations = file_operations {
    mmap_prepare: Some(demanded_mmap_ok),
};
