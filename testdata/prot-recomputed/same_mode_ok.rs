/* The same attribute is stored again: nothing is lost. */
use crate::bindings::*;

fn twice_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_page_prot = pgprot_writecombine(vma.vm_page_prot);
    if document_is_device(file) {
        vma.vm_page_prot = pgprot_noncached(vm_get_page_prot(vma.vm_flags));
    }
    vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE)
}

pub static twice_fops: file_operations = file_operations {
    mmap: Some(twice_mmap),
};
