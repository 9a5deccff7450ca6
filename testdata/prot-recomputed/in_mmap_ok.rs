/* While the VMA is made, nothing has been put there that could be lost. */
use crate::bindings::*;

fn object_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_page_prot = vm_get_page_prot(vma.vm_flags);
    if document_is_device(file) {
        vma.vm_page_prot = pgprot_writecombine(vma.vm_page_prot);
    }
    vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE)
}

pub static object_fops: file_operations = file_operations {
    mmap: Some(object_mmap),
};
