//! The kernel's types, cut down to what page protection needs.
//!
//! Table sizes are shrunken so that one address space holds twelve pages: a PTE
//! table has two entries, a PMD table two, the PUD table three. A PMD leaf thus
//! maps two pages and a PUD leaf four. Everything inside an entry has its real
//! width and place.

/// log2 of the size of a page in bytes, on all three architectures modelled.
pub const PAGE_SHIFT: u32 = 12;
/// Size of a page in bytes.
pub const PAGE_SIZE: u64 = 1 << PAGE_SHIFT;
/// log2 of the bytes a PMD leaf maps (two pages here, 512 in reality).
pub const PMD_SHIFT: u32 = PAGE_SHIFT + 1;
/// Bytes a PMD leaf maps.
pub const PMD_SIZE: u64 = 1 << PMD_SHIFT;
/// log2 of the bytes a PUD leaf maps (four pages here, 512 × 512 in reality).
pub const PUD_SHIFT: u32 = PMD_SHIFT + 1;
/// Bytes a PUD leaf maps.
pub const PUD_SIZE: u64 = 1 << PUD_SHIFT;
/// Pages below a PMD leaf.
pub const HPAGE_PMD_NR: u64 = PMD_SIZE / PAGE_SIZE;
/// PUD entries of one address space.
pub const PTRS_PER_PUD: usize = 3;
/// Size of an address space in bytes.
pub const TASK_SIZE: u64 = PTRS_PER_PUD as u64 * PUD_SIZE;
/// Pages of an address space.
pub const NR_VPAGES: usize = (TASK_SIZE / PAGE_SIZE) as usize;

/// Protection bits of an entry, without a pfn (`arch/*/include/asm/pgtable_types.h`).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct pgprot_t(pub u64);
/// An entry of the lowest table level.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct pte_t(pub u64);
/// An entry of the PMD level: none, a table, or a leaf.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct pmd_t(pub u64);
/// An entry of the PUD level: none, a table, or a leaf.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct pud_t(pub u64);

/// Which of the model's address spaces; the kernel's `struct mm_struct *`.
pub type mm_ptr = u8;
/// Address spaces of the model: one runs from the start, `fork` makes the other.
pub const NR_MM: usize = 2;
/// Every address space, in use or not.
pub const ALL_MMS: [mm_ptr; NR_MM] = [0, 1];

/// Where a PTE lies; the kernel's `pte_t *`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct pte_ptr {
    /// The address space.
    pub mm: mm_ptr,
    /// The place in the table.
    pub index: u8,
}
/// Where a PMD entry lies; the kernel's `pmd_t *`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct pmd_ptr {
    /// The address space.
    pub mm: mm_ptr,
    /// The place in the table.
    pub index: u8,
}
/// Where a PUD entry lies; the kernel's `pud_t *`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct pud_ptr {
    /// The address space.
    pub mm: mm_ptr,
    /// The place in the table.
    pub index: u8,
}

/// A `struct page *`: only pfns that have a struct page can become one
/// (`pfn_to_page`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct page_ptr(pub u8);

/// `vm_area_struct::vm_flags` (`include/linux/mm.h`).
pub type vm_flags_t = u32;
/// No access.
pub const VM_NONE: vm_flags_t = 0;
/// May be read.
pub const VM_READ: vm_flags_t = 0x0000_0001;
/// May be written.
pub const VM_WRITE: vm_flags_t = 0x0000_0002;
/// Writes are for everyone to see.
pub const VM_SHARED: vm_flags_t = 0x0000_0008;
/// mprotect may set `VM_READ`.
pub const VM_MAYREAD: vm_flags_t = 0x0000_0010;
/// mprotect may set `VM_WRITE`.
pub const VM_MAYWRITE: vm_flags_t = 0x0000_0020;
/// Was asked for as a shared mapping.
pub const VM_MAYSHARE: vm_flags_t = 0x0000_0080;
/// Raw page frames: core mm looks for no struct page.
pub const VM_PFNMAP: vm_flags_t = 0x0000_0400;
/// Registered with userfaultfd for write protection.
pub const VM_UFFD_WP: vm_flags_t = 0x0000_1000;
/// Device memory, or something like it.
pub const VM_IO: vm_flags_t = 0x0000_4000;
/// mremap must not grow it.
pub const VM_DONTEXPAND: vm_flags_t = 0x0004_0000;
/// Not in core dumps.
pub const VM_DONTDUMP: vm_flags_t = 0x0400_0000;
/// All of it counts as written since `clear_refs`.
pub const VM_SOFTDIRTY: vm_flags_t = 0x0800_0000;
/// Raw page frames and pages.
pub const VM_MIXEDMAP: vm_flags_t = 0x1000_0000;
/// No huge pages.
pub const VM_NOHUGEPAGE: vm_flags_t = 0x4000_0000;
/// VMAs that can be neither merged nor locked.
pub const VM_SPECIAL: vm_flags_t = VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP;
/// The access rights mprotect changes.
pub const VM_ACCESS_FLAGS: vm_flags_t = VM_READ | VM_WRITE;

/// Result of a fault (`include/linux/mm_types.h`).
pub type vm_fault_t = u32;
/// No memory.
pub const VM_FAULT_OOM: vm_fault_t = 0x0001;
/// Nothing there.
pub const VM_FAULT_SIGBUS: vm_fault_t = 0x0002;
/// Not allowed.
pub const VM_FAULT_SIGSEGV: vm_fault_t = 0x0040;
/// The handler made the entry itself, and returns no page.
pub const VM_FAULT_NOPAGE: vm_fault_t = 0x0100;
/// The access has to wait for someone.
pub const VM_FAULT_RETRY: vm_fault_t = 0x0400;
/// No huge leaf; try a smaller one.
pub const VM_FAULT_FALLBACK: vm_fault_t = 0x0800;
/// Every code that ends an access for good.
pub const VM_FAULT_ERROR: vm_fault_t = VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV;

/// The access is a write.
pub const FAULT_FLAG_WRITE: u32 = 0x01;

/// What a VMA maps; the kernel's `vma->vm_file->f_mapping`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum address_space {
    /// The TTM-like driver's buffer object.
    BufferObject = 1,
    /// The page the driver shares, decrypted, with its device.
    SharedPage,
    /// The doorbells of the device.
    Doorbell,
    /// An ordinary file.
    File,
    /// The buffer object, through a driver that tracks writes.
    TrackedBuffer,
}

/// The operations a driver hands to core mm for its VMAs
/// (`include/linux/mm.h`, `struct vm_operations_struct`).
pub struct vm_operations_struct {
    /// Not in the kernel: how a story calls these operations.
    pub name: &'static str,
    /// Returns a page for core mm to map, or makes entries itself.
    pub fault: Option<fn(&mut vm_fault) -> vm_fault_t>,
    /// Called with the log2 of the number of pages wanted.
    pub huge_fault: Option<fn(&mut vm_fault, u32) -> vm_fault_t>,
    /// A page that the mapping shares is about to be written.
    pub page_mkwrite: Option<fn(&mut vm_fault) -> vm_fault_t>,
    /// A raw page frame that the mapping shares is about to be written.
    pub pfn_mkwrite: Option<fn(&mut vm_fault) -> vm_fault_t>,
}

/// The operations of an open file (`include/linux/fs.h`).
pub struct file_operations {
    /// Sets a VMA up; returns 0 or a negative error.
    pub mmap: fn(address_space, &mut vm_area_struct) -> i32,
}

/// One mapping of a process (`include/linux/mm_types.h`).
///
/// The fault path gets it by shared reference: the mmap lock is only
/// read-held there, so nothing in the VMA can change, and `vm_page_prot`
/// cannot follow a buffer that has moved. This is where the discrepancy comes
/// from.
#[derive(Clone, Copy)]
pub struct vm_area_struct {
    /// The first address.
    pub vm_start: u64,
    /// The address behind the last.
    pub vm_end: u64,
    /// The address space it belongs to.
    pub vm_mm: mm_ptr,
    /// `VM_*`.
    pub vm_flags: vm_flags_t,
    /// The bits a default entry of this VMA gets.
    pub vm_page_prot: pgprot_t,
    /// `None` makes the VMA anonymous (`vma_is_anonymous`).
    pub vm_ops: Option<&'static vm_operations_struct>,
    /// What is mapped; `None` for anonymous memory.
    pub vm_file: Option<address_space>,
    /// Offset of `vm_start` in what is mapped, in pages.
    pub vm_pgoff: u64,
}

/// What the fault handlers pass along (`include/linux/mm.h`).
pub struct vm_fault<'a> {
    /// The VMA of the address; not to be changed here.
    pub vma: &'a vm_area_struct,
    /// The faulting address, rounded down to its page.
    pub address: u64,
    /// `FAULT_FLAG_*`.
    pub flags: u32,
    /// Offset of the faulting page in what is mapped, in pages.
    pub pgoff: u64,
    /// The PUD entry of the address.
    pub pud: pud_ptr,
    /// The PMD entry of the address, if there is a table.
    pub pmd: pmd_ptr,
    /// The PUD entry as it was found.
    pub orig_pud: pud_t,
    /// The PMD entry as it was found.
    pub orig_pmd: pmd_t,
    /// `None` while there is no entry.
    pub pte: Option<pte_ptr>,
    /// The PTE as it was found.
    pub orig_pte: pte_t,
    /// What `->fault` returned.
    pub page: Option<page_ptr>,
    /// The private copy `do_cow_fault` prepares.
    pub cow_page: Option<page_ptr>,
}

/// Invalid argument.
pub const EINVAL: i32 = 22;
/// Permission denied.
pub const EACCES: i32 = 13;
/// Out of memory, or too many mappings.
pub const ENOMEM: i32 = 12;
