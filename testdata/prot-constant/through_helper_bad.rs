/* The finding is where the constant is named, wherever the insertion is. */
use crate::bindings::*;

fn map_pages(vma: &mut vm_area_struct, pfn: usize, prot: pgprot_t) -> i32 {
    remap_pfn_range(vma, vma.vm_start, pfn, PAGE_SIZE, prot)
}

fn handed_down_mmap_bad(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    /* error: [prot-constant] `handed_down_mmap_bad` maps pages with `PAGE_SHARED` */
    map_pages(vma, document_pfn(file), PAGE_SHARED)
}

/* The same helper, used well. */
fn handed_down_mmap_ok(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    map_pages(vma, document_pfn(file), vma.vm_page_prot)
}

fn default_prot_bad(is_device: i32) -> pgprot_t {
    if is_device != 0 {
        /* error: [prot-constant] `default_prot_bad` gives out `PAGE_SHARED` */
        return pgprot_noncached(PAGE_SHARED);
    }
    PAGE_READONLY
}

fn returned_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    let prot = default_prot_bad(document_is_device(file));

    map_pages(vma, document_pfn(file), prot)
}

fn fill_prot_bad(prot: &mut pgprot_t) {
    *prot = PAGE_SHARED; /* error: [prot-constant] `fill_prot_bad` gives out */
}

fn out_parameter_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    let mut prot: pgprot_t;

    fill_prot_bad(&mut prot);
    map_pages(vma, document_pfn(file), prot)
}

pub static handed_down_bad_fops: file_operations = file_operations {
    mmap: Some(handed_down_mmap_bad),
};
pub static handed_down_ok_fops: file_operations = file_operations {
    mmap: Some(handed_down_mmap_ok),
};
pub static returned_fops: file_operations = file_operations {
    mmap: Some(returned_mmap),
};
pub static out_parameter_fops: file_operations = file_operations {
    mmap: Some(out_parameter_mmap),
};
