/* The same test as everywhere, but the predicate takes a plain number: it is not looked into. */
use crate::bindings::*;

fn is_private(flags: usize) -> i32 {
    (flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE
}

fn FP_predicate_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if vma.vm_flags & VM_WRITE == 0 || is_private(vma.vm_flags) {
        return -EACCES;
    }
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, PAGE_SHARED) /* error: [prot-constant] may be private */
}

pub static predicate_fops: file_operations = file_operations {
    mmap: Some(FP_predicate_mmap_ok),
};
