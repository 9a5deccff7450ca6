/* From C into Rust, through functions of Rust, and back to the insertion. */
/* --- file: drivers/object.c */
#include <linux/mm.h>

int rust_mmap(struct file *file, struct vm_area_struct *vma);

static int object_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;
	return rust_mmap(file, vma);
}

const struct file_operations object_fops = { .mmap = object_mmap };
/* --- file: drivers/map.rs */
use kernel::bindings;

mod flags {
    pub const IO: vm_flags_t = bindings::VM_IO as vm_flags_t;
}

struct Mapping {
    vma: *mut bindings::vm_area_struct,
}

impl Mapping {
    fn insert(&self, pfn: usize) -> Result {
        let vma = self.vma;
        // SAFETY: the mmap lock is held for writing.
        let ret = unsafe {
            let prot = bindings::pgprot_writecombine((*vma).vm_page_prot);
            /* mapping: remap_pfn_range override-derived caching refused flags=VM_DONTDUMP,VM_DONTEXPAND,VM_IO,VM_PFNMAP path=object_mmap,rust_mmap,Mapping::insert */
            bindings::remap_pfn_range(vma, (*vma).vm_start, pfn, PAGE_SIZE, prot)
        };
        if ret != 0 {
            return Err(Error::from_errno(ret));
        }
        Ok(())
    }
}

#[no_mangle]
pub unsafe extern "C" fn rust_mmap(file: *mut bindings::file, vma: *mut bindings::vm_area_struct) -> i32 {
    // SAFETY: as above.
    unsafe { bindings::vm_flags_set(vma, flags::IO) };
    let mapping = Mapping { vma };

    match mapping.insert(document_pfn(file)) {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}
