/*
* A constant that becomes the VMA's own protection does the same harm: remap_pfn_range() inserts
* it here, and core mm makes the entries of later faults from it.
*/
use crate::bindings::*;

fn stored_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_page_prot = PAGE_SHARED; /* error: [prot-constant] the protection of mappings that may be read-only or private */
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, vma.vm_page_prot)
}

/* Nothing is inserted yet; the faults will. */
fn kept_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_page_prot = pgprot_writecombine(PAGE_SHARED); /* error: [prot-constant] `PAGE_SHARED` */
    0
}

/* As the graphics of an old SGI machine do it, rightly. */
fn demanded_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if (vma.vm_flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE) {
        return -EINVAL;
    }
    vma.vm_page_prot = PAGE_SHARED;
    0
}

/* It does not last. */
fn overwritten_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    let own = vma.vm_page_prot;

    vma.vm_page_prot = PAGE_SHARED;
    if document_is_device(file) {
        return -EINVAL;
    }
    vma.vm_page_prot = pgprot_noncached(own);
    0
}

pub static stored_fops: file_operations = file_operations {
    mmap: Some(stored_mmap_bad),
};
pub static kept_fops: file_operations = file_operations {
    mmap: Some(kept_mmap_bad),
};
pub static demanded_fops: file_operations = file_operations {
    mmap: Some(demanded_mmap_ok),
};
pub static overwritten_fops: file_operations = file_operations {
    mmap: Some(overwritten_mmap_ok),
};
