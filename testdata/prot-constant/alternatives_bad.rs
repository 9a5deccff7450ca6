/* The defect of one configuration is one, with the condition it exists under. */
use crate::bindings::*;

fn either_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    #[cfg(CONFIG_DOCUMENT_CACHED)]
    {
        return remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, PAGE_SHARED); /* error: [prot-constant] `PAGE_SHARED` */
    }
    #[cfg(not(CONFIG_DOCUMENT_CACHED))]
    {
        return remap_pfn_range(vma, vma.vm_start, document_pfn(file), PAGE_SIZE, vma.vm_page_prot);
    }
}

/* Both alternatives reach the same insertion: one finding. */
fn both_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    let mut pfn: usize;

    #[cfg(CONFIG_DOCUMENT_CACHED)]
    {
        pfn = document_pfn(file);
    }
    #[cfg(not(CONFIG_DOCUMENT_CACHED))]
    {
        pfn = vma.vm_pgoff;
    }
    remap_pfn_range(vma, vma.vm_start, pfn, PAGE_SIZE, PAGE_SHARED) /* error: [prot-constant] `PAGE_SHARED` */
}

pub static either_fops: file_operations = file_operations {
    mmap: Some(either_mmap_bad),
};
pub static both_fops: file_operations = file_operations {
    mmap: Some(both_mmap_bad),
};
