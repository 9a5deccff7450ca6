/* A fixed protection that allows no writing takes nothing from anybody. */
use crate::bindings::*;

fn readonly_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, PAGE_READONLY)
}

fn none_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, PAGE_NONE)
}

/* PAGE_COPY is what a private, writable mapping starts with: without the right to write. */
fn copy_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, PAGE_COPY)
}

pub static readonly_fops: file_operations = file_operations {
    mmap: Some(readonly_mmap_ok),
};
pub static none_fops: file_operations = file_operations {
    mmap: Some(none_mmap_ok),
};
pub static copy_fops: file_operations = file_operations {
    mmap: Some(copy_mmap_ok),
};
