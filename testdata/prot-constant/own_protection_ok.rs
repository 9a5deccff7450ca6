/* The VMA's own protection, whatever was done to its caching, has the mapping's rights. */
use crate::bindings::*;

fn plain_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, vma.vm_page_prot)
}

fn derived_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_page_prot = pgprot_noncached(vma.vm_page_prot);
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, vma.vm_page_prot)
}

/* The fixed protection's attributes, with the rights of the VMA's. */
fn merged_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, pgprot_modify(PAGE_SHARED, vma.vm_page_prot))
}

pub static plain_fops: file_operations = file_operations {
    mmap: Some(plain_mmap_ok),
};
pub static derived_fops: file_operations = file_operations {
    mmap: Some(derived_mmap_ok),
};
pub static merged_fops: file_operations = file_operations {
    mmap: Some(merged_mmap_ok),
};
