/* Whoever demands a shared, writable mapping may insert writable entries. */
use crate::bindings::*;

fn at_once_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if (vma.vm_flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE) {
        return -EACCES;
    }
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, PAGE_SHARED)
}

fn one_by_one_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if vma.vm_flags & VM_WRITE == 0 || vma.vm_flags & VM_SHARED == 0 {
        return -EACCES;
    }
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, PAGE_SHARED)
}

/* A mapping that may be written and is not copied on write is a shared one. */
fn no_cow_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if vma.vm_flags & VM_WRITE == 0 || is_cow_mapping(vma.vm_flags) {
        return -EACCES;
    }
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, PAGE_SHARED)
}

/* A mapping that is refused after the insertion is torn down again. */
fn afterwards_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    let error = remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, PAGE_SHARED);

    if error != 0 {
        return error;
    }
    if (vma.vm_flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE) {
        return -EACCES;
    }
    0
}

pub static at_once_fops: file_operations = file_operations {
    mmap: Some(at_once_mmap_ok),
};
pub static one_by_one_fops: file_operations = file_operations {
    mmap: Some(one_by_one_mmap_ok),
};
pub static no_cow_fops: file_operations = file_operations {
    mmap: Some(no_cow_mmap_ok),
};
pub static afterwards_fops: file_operations = file_operations {
    mmap: Some(afterwards_mmap_ok),
};
