/* Core mm keeps what the driver stored; a VMA that is just being made has nothing to keep. */
/* --- file: mm/mmap.rs */
use crate::bindings::*;

fn set_default_ok(vma: &mut vm_area_struct) {
    vma.vm_page_prot = pgprot_modify(vma.vm_page_prot, vm_get_page_prot(vma.vm_flags));
}

pub fn change(mm: &mut mm_struct, address: usize, flags: usize) -> i32 {
    let vma = find_vma(mm, address);

    let Some(vma) = vma else {
        return -EINVAL;
    };
    vma.vm_flags = flags;
    set_default_ok(vma);
    0
}

/* Without an MMU there is no entry that could get it. */
#[cfg(not(CONFIG_MMU))]
pub fn set_nothing_ok(vma: &mut vm_area_struct) {
    vma.vm_page_prot = vm_get_page_prot(vma.vm_flags);
}

/* The VMA it is given is the one before the new one. */
pub fn expand_ok(mut vma: &mut vm_area_struct, flags: usize) -> i32 {
    let mm = vma.vm_mm;

    vma.vm_flags |= VM_DONTEXPAND;
    vma = vm_area_alloc(mm);
    vma.vm_flags = flags;
    vma.vm_page_prot = vm_get_page_prot(vma.vm_flags);
    0
}

pub fn map_ok(mm: &mut mm_struct, file: &mut file, flags: usize) -> i32 {
    let vma = vm_area_alloc(mm);

    vma.vm_flags = flags;
    vma.vm_page_prot = vm_get_page_prot(vma.vm_flags);
    0
}
