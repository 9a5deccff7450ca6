/*
 * What only the memory tells: these pages want the protection the others of the mapping get. The
 * handler inserted nothing on the way on which it returns them.
 */
use crate::bindings::*;

fn FN_other_fault_bad(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;
    let prot = pgprot_writecombine(vma.vm_page_prot);

    if vmf.pgoff > 0 {
        return vmf_insert_pfn_prot(vma, vmf.address, document_pfn(vmf), prot);
    }
    vmf.page = Some(document_page(vma.vm_private_data, vmf.pgoff));
    0
}

fn FN_other_operation_bad(vmf: &mut vm_fault) -> vm_fault_t {
    vmf.page = Some(document_page(vmf.vma.vm_private_data, vmf.pgoff));
    0
}

fn overrides_pfn_mkwrite(vmf: &mut vm_fault) -> vm_fault_t {
    let prot = pgprot_writecombine(vmf.vma.vm_page_prot);

    vmf_insert_pfn_prot(vmf.vma, vmf.address, document_pfn(vmf), prot)
}

static one_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(FN_other_fault_bad),
};

static two_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(FN_other_operation_bad),
    pfn_mkwrite: Some(overrides_pfn_mkwrite),
};

fn buffer_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_MIXEDMAP);
    if vma.vm_pgoff != 0 {
        vma.vm_ops = Some(&one_vm_ops);
    } else {
        vma.vm_ops = Some(&two_vm_ops);
    }
    0
}

pub static buffer_fops: file_operations = file_operations {
    mmap: Some(buffer_mmap),
};
