/* The constant is chosen by what the mapping allows. */
use crate::bindings::*;

fn choose_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    let mut prot: pgprot_t;

    if (vma.vm_flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE) {
        prot = PAGE_SHARED;
    } else {
        prot = PAGE_READONLY;
    }
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, prot)
}

fn branch_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if (vma.vm_flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE) {
        return remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, PAGE_SHARED);
    }
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, PAGE_READONLY)
}

pub static choose_fops: file_operations = file_operations {
    mmap: Some(choose_mmap_ok),
};
pub static branch_fops: file_operations = file_operations {
    mmap: Some(branch_mmap_ok),
};
