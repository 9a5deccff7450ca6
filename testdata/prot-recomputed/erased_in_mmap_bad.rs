/* In mmap it is harmless, unless it erases what the same way has stored before. */
use crate::bindings::*;

fn erased_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_page_prot = pgprot_decrypted(vma.vm_page_prot);
    if document_is_device(file) {
        vma.vm_page_prot = pgprot_noncached(vm_get_page_prot(vma.vm_flags)); /* warning: [prot-recomputed] erases the encryption mode stored before */
    }
    vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE)
}

pub static erased_fops: file_operations = file_operations {
    mmap: Some(erased_mmap_bad),
};
