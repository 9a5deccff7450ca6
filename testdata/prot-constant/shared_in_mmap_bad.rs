/* The shape of most real ones: pages of a kernel buffer, one by one, always writable. */
use crate::bindings::*;

fn buffer_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    let mut address = vma.vm_start;

    while address < vma.vm_end {
        if remap_pfn_range(vma, address, document_pfn(file), PAGE_SIZE, PAGE_SHARED) { /* error: [prot-constant] which allows writing, into mappings that may be read-only or private */
            return -EINVAL;
        }
        address += PAGE_SIZE;
    }
    0
}

pub static buffer_fops: file_operations = file_operations {
    mmap: Some(buffer_mmap_bad),
};
