/* What the rule gets wrong, and why. */
use crate::bindings::*;

macro_rules! device_prot {
    () => {
        PAGE_SHARED
    };
}
const _PAGE_PRESENT: usize = 1;
const _PAGE_RW: usize = 2;
const _PAGE_USER: usize = 4;

/* A protection behind a macro of the driver's own is not seen through. */
fn FN_renamed_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, device_prot!())
}

/* Nor is one that is put together from bits. */
fn FN_bits_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    let prot = pgprot_t { pgprot: _PAGE_PRESENT | _PAGE_RW | _PAGE_USER };

    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, prot)
}

/* The right to write is taken away again, bit by bit. */
fn FP_cleared_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    let mut prot = PAGE_SHARED; /* error: [prot-constant] */

    prot.pgprot &= !_PAGE_RW;
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, prot)
}

/* What the driver asks its own object is not related to the flags of the mapping. */
fn FP_remembered_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    let may_write = (vma.vm_flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE);

    if may_write == 0 {
        return -EACCES;
    }
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, PAGE_SHARED) /* error: [prot-constant] */
}

pub static renamed_fops: file_operations = file_operations {
    mmap: Some(FN_renamed_mmap_bad),
};
pub static bits_fops: file_operations = file_operations {
    mmap: Some(FN_bits_mmap_bad),
};
pub static cleared_fops: file_operations = file_operations {
    mmap: Some(FP_cleared_mmap_ok),
};
pub static remembered_fops: file_operations = file_operations {
    mmap: Some(FP_remembered_mmap_ok),
};
