/* What is made of fixed flags is a fixed protection. */
use crate::bindings::*;

fn of_flags_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, vm_get_page_prot(VM_READ | VM_WRITE | VM_SHARED)) /* error: [prot-constant] which allows writing */
}

fn of_private_flags_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, vm_get_page_prot(VM_READ | VM_WRITE))
}

pub static of_flags_fops: file_operations = file_operations {
    mmap: Some(of_flags_bad),
};
pub static of_private_flags_fops: file_operations = file_operations {
    mmap: Some(of_private_flags_ok),
};
