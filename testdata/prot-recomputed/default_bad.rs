/* Core mm makes the default of a mapping anew, and with it goes what the driver stored in mmap. */
/* --- file: mm/mmap.rs */
use crate::bindings::*;

fn set_default_bad(vma: &mut vm_area_struct) {
    vma.vm_page_prot = vm_get_page_prot(vma.vm_flags); /* error: [prot-recomputed] makes a protection anew from vm_flags */
}

pub fn change(mm: &mut mm_struct, address: usize, flags: usize) -> i32 {
    let vma = find_vma(mm, address);

    let Some(vma) = vma else {
        return -EINVAL;
    };
    vma.vm_flags = flags;
    set_default_bad(vma);
    0
}
/* --- file: drivers/device.rs */
use crate::bindings::*;

fn device_fault(vmf: &mut vm_fault) -> vm_fault_t {
    vmf_insert_pfn(vmf.vma, vmf.address, document_pfn(vmf))
}

static device_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(device_fault),
};

fn device_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if is_cow_mapping(vma.vm_flags) {
        return -EINVAL;
    }
    vm_flags_set(vma, VM_PFNMAP);
    vma.vm_page_prot = pgprot_decrypted(vma.vm_page_prot);
    vma.vm_ops = Some(&device_vm_ops);
    0
}

pub static device_fops: file_operations = file_operations {
    mmap: Some(device_mmap),
};
