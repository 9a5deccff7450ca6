/* Asking for one of the two is not enough. */
use crate::bindings::*;

/* A private mapping may be written with the file open for reading only: that is what it is for. */
fn private_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if vma.vm_flags & VM_WRITE == 0 {
        return -EACCES;
    }
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, PAGE_SHARED) /* error: [prot-constant] that may be private */
}

/* Shared says that the file is open for writing, not that this mapping wants to be written. */
fn readonly_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if vma.vm_flags & VM_SHARED == 0 {
        return -EINVAL;
    }
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, PAGE_SHARED) /* error: [prot-constant] that may be read-only */
}

/* One bit of two passes this test. */
fn either_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if vma.vm_flags & (VM_SHARED | VM_WRITE) == 0 {
        return -EACCES;
    }
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, PAGE_SHARED) /* error: [prot-constant] that may be read-only or private */
}

pub static private_fops: file_operations = file_operations {
    mmap: Some(private_mmap_bad),
};
pub static readonly_fops: file_operations = file_operations {
    mmap: Some(readonly_mmap_bad),
};
pub static either_fops: file_operations = file_operations {
    mmap: Some(either_mmap_bad),
};
