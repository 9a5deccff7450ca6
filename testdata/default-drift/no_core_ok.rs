/* Without pgprot_modify() nothing says what is kept. */
use crate::bindings::*;

fn alone_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_page_prot = pgprot_writethrough(vma.vm_page_prot);
    vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE)
}

pub static alone_fops: file_operations = file_operations {
    mmap: Some(alone_mmap),
};
