//! Entries of the three architectures, behind one set of names.
//!
//! A kernel is built for one architecture; the model is told which by
//! [`boot`], per thread, so that every helper keeps the kernel's signature.
//! PMD and PUD helpers go through the PTE helpers, as arm64 and riscv do:
//! all bits but the leaf mark and x86's third PAT bit have the same place.

mod arm64;
pub mod memtype;
mod riscv;
mod x86;

use super::types::*;
use std::cell::Cell;

/// The architectures whose entries the model knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arch {
    /// With PAT and the encryption bit of AMD SME and SEV.
    X86_64,
    /// With hardware access flag and dirty state.
    Arm64,
    /// With Svpbmt memory types.
    Riscv64,
}

impl Arch {
    /// All of them, in the order reports list them.
    pub const ALL: [Arch; 3] = [Arch::X86_64, Arch::Arm64, Arch::Riscv64];

    /// The name used on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86-64",
            Arch::Arm64 => "arm64",
            Arch::Riscv64 => "riscv64",
        }
    }

    /// Whether entries have a soft-dirty bit (`HAVE_ARCH_SOFT_DIRTY`).
    pub fn has_soft_dirty(self) -> bool {
        self == Arch::X86_64
    }

    /// Whether entries have a userfaultfd write-protect bit
    /// (`HAVE_ARCH_USERFAULTFD_WP`).
    pub fn has_uffd_wp(self) -> bool {
        self != Arch::Riscv64
    }
}

/// The caching modes memory can ask for (x86: `enum page_cache_mode`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum cache_mode {
    /// Cached; ordinary memory.
    WriteBack,
    /// Not cached, writes gathered.
    WriteCombined,
    /// Not cached, every access as written: device registers.
    Uncached,
}

thread_local! {
    static ARCH: Cell<Arch> = const { Cell::new(Arch::X86_64) };
}

/// Selects the architecture of this thread's machine.
pub fn boot(arch: Arch) {
    ARCH.set(arch);
}

/// The architecture of this thread's machine.
#[inline]
pub fn current() -> Arch {
    ARCH.get()
}

/// Hands each helper to the architecture booted.
macro_rules! arch_helpers {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty;)*) => {
        $($(#[$doc])*
        #[inline]
        pub fn $name($($arg: $ty),*) -> $ret {
            match current() {
                Arch::X86_64 => x86::$name($($arg),*),
                Arch::Arm64 => arm64::$name($($arg),*),
                Arch::Riscv64 => riscv::$name($($arg),*),
            }
        })*
    };
}

arch_helpers! {
    /// A changed protection for an entry: everything that is not permission
    /// stays as the old entry has it, attribute bits included.
    fn pte_modify(old: pte_t, newprot: pgprot_t) -> pte_t;
    /// [`pte_modify`] for a PMD leaf.
    fn pmd_modify(old: pmd_t, newprot: pgprot_t) -> pmd_t;
    /// A changed default protection: keeps the attributes of the old one.
    fn pgprot_modify(oldprot: pgprot_t, newprot: pgprot_t) -> pgprot_t;
    /// The protection a VMA with these flags starts out with.
    fn vm_get_page_prot(vm_flags: vm_flags_t) -> pgprot_t;
    /// The protection with another caching mode.
    fn pgprot_cachemode(prot: pgprot_t, mode: cache_mode) -> pgprot_t;
    /// The protection for memory the device can read; the same where entries
    /// have no encryption bit.
    fn pgprot_decrypted(prot: pgprot_t) -> pgprot_t;
    /// The bits of an entry that are attributes, in a PTE or in a larger leaf.
    fn attribute_mask(huge: bool) -> u64;
    /// The attribute bits of a PTE in words.
    fn describe_attributes(prot: pgprot_t) -> String;
    /// A PTE for a page frame.
    fn pfn_pte(pfn: u64, prot: pgprot_t) -> pte_t;
    /// The page frame of a present PTE.
    fn pte_pfn(pte: pte_t) -> u64;
    /// A PMD entry for a page frame, not yet a leaf: see [`pmd_mkhuge`].
    fn pfn_pmd(pfn: u64, prot: pgprot_t) -> pmd_t;
    /// The first page frame of a PMD leaf.
    fn pmd_pfn(pmd: pmd_t) -> u64;
    /// Makes a PMD entry a leaf.
    fn pmd_mkhuge(pmd: pmd_t) -> pmd_t;
    /// Whether the entry maps memory rather than a table.
    fn pmd_leaf(pmd: pmd_t) -> bool;
    /// The value of an entry that points to a lower table.
    fn table_entry() -> u64;
    /// Whether the entry maps a page, if only for the kernel's eyes
    /// (PROT_NONE).
    fn pte_present(pte: pte_t) -> bool;
    /// Whether the entry maps a page no access reaches.
    fn pte_protnone(pte: pte_t) -> bool;
    /// Whether the entry allows writing.
    fn pte_write(pte: pte_t) -> bool;
    /// The entry with writing allowed.
    fn pte_mkwrite(pte: pte_t) -> pte_t;
    /// The entry with writing forbidden.
    fn pte_wrprotect(pte: pte_t) -> pte_t;
    /// Whether the page was written through this entry.
    fn pte_dirty(pte: pte_t) -> bool;
    /// The entry marked dirty, and soft-dirty with it.
    fn pte_mkdirty(pte: pte_t) -> pte_t;
    /// The entry no longer dirty.
    fn pte_mkclean(pte: pte_t) -> pte_t;
    /// Whether the page was used through this entry.
    fn pte_young(pte: pte_t) -> bool;
    /// The entry marked used.
    fn pte_mkyoung(pte: pte_t) -> pte_t;
    /// The entry marked unused.
    fn pte_mkold(pte: pte_t) -> pte_t;
    /// Whether core mm must not look for a struct page behind the entry.
    fn pte_special(pte: pte_t) -> bool;
    /// The entry hidden from `vm_normal_page`.
    fn pte_mkspecial(pte: pte_t) -> pte_t;
    /// Whether the page was written since the last `clear_refs`.
    fn pte_soft_dirty(pte: pte_t) -> bool;
    /// The entry marked soft-dirty.
    fn pte_mksoft_dirty(pte: pte_t) -> pte_t;
    /// The entry no longer soft-dirty.
    fn pte_clear_soft_dirty(pte: pte_t) -> pte_t;
    /// Whether userfaultfd wants to hear of the next write.
    fn pte_uffd_wp(pte: pte_t) -> bool;
    /// The entry write-protected for userfaultfd.
    fn pte_mkuffd_wp(pte: pte_t) -> pte_t;
    /// The entry no longer write-protected for userfaultfd; still read-only.
    fn pte_clear_uffd_wp(pte: pte_t) -> pte_t;
    /// A non-present entry that says where the page is.
    fn swp_entry_to_pte(swp_type: u64, offset: u64) -> pte_t;
    /// Which kind of non-present entry.
    fn swp_type(pte: pte_t) -> u64;
    /// The swap slot, or the pfn of a migration entry.
    fn swp_offset(pte: pte_t) -> u64;
    /// [`pte_soft_dirty`] of a swap entry.
    fn pte_swp_soft_dirty(pte: pte_t) -> bool;
    /// [`pte_mksoft_dirty`] of a swap entry.
    fn pte_swp_mksoft_dirty(pte: pte_t) -> pte_t;
    /// [`pte_clear_soft_dirty`] of a swap entry.
    fn pte_swp_clear_soft_dirty(pte: pte_t) -> pte_t;
    /// [`pte_uffd_wp`] of a swap entry.
    fn pte_swp_uffd_wp(pte: pte_t) -> bool;
    /// [`pte_mkuffd_wp`] of a swap entry.
    fn pte_swp_mkuffd_wp(pte: pte_t) -> pte_t;
    /// [`pte_clear_uffd_wp`] of a swap entry.
    fn pte_swp_clear_uffd_wp(pte: pte_t) -> pte_t;
    /// Whether the page swapped out was exclusive to this process.
    fn pte_swp_exclusive(pte: pte_t) -> bool;
    /// The swap entry of an exclusive page.
    fn pte_swp_mkexclusive(pte: pte_t) -> pte_t;
    /// The swap entry of a page that is shared from now on.
    fn pte_swp_clear_exclusive(pte: pte_t) -> pte_t;
    /// Whether the processor, in user mode, may use a leaf without a fault.
    fn hw_allows(val: u64, write: bool) -> bool;
    /// What the processor makes of a leaf it uses.
    fn hw_set_access(val: u64, write: bool) -> u64;
}

/// The protection of device registers (`pgprot_noncached`).
pub fn pgprot_noncached(prot: pgprot_t) -> pgprot_t {
    pgprot_cachemode(prot, cache_mode::Uncached)
}

/// The protection of memory that is written in bursts (`pgprot_writecombine`).
pub fn pgprot_writecombine(prot: pgprot_t) -> pgprot_t {
    pgprot_cachemode(prot, cache_mode::WriteCombined)
}

/// No access: a constant of the architecture (`PAGE_NONE`).
pub fn PAGE_NONE() -> pgprot_t {
    vm_get_page_prot(VM_NONE)
}

/// Whether there is nothing at all.
pub fn pte_none(pte: pte_t) -> bool {
    pte.0 == 0
}

/// Whether the entry says where a page is that is not mapped.
pub fn is_swap_pte(pte: pte_t) -> bool {
    !pte_none(pte) && !pte_present(pte)
}

/// Whether there is neither table nor leaf.
pub fn pmd_none(pmd: pmd_t) -> bool {
    pmd.0 == 0
}

/// An entry that points to a PTE table.
pub fn pmd_table() -> pmd_t {
    pmd_t(table_entry())
}

fn pmd_pte(pmd: pmd_t) -> pte_t {
    pte_t(pmd.0)
}

fn pte_pmd(pte: pte_t) -> pmd_t {
    pmd_t(pte.0)
}

/// [`pte_protnone`] of a PMD leaf.
pub fn pmd_protnone(pmd: pmd_t) -> bool {
    pte_protnone(pmd_pte(pmd))
}

/// [`pte_write`] of a PMD leaf.
pub fn pmd_write(pmd: pmd_t) -> bool {
    pte_write(pmd_pte(pmd))
}

/// [`pte_mkwrite`] of a PMD leaf.
pub fn pmd_mkwrite(pmd: pmd_t) -> pmd_t {
    pte_pmd(pte_mkwrite(pmd_pte(pmd)))
}

/// [`pte_wrprotect`] of a PMD leaf.
pub fn pmd_wrprotect(pmd: pmd_t) -> pmd_t {
    pte_pmd(pte_wrprotect(pmd_pte(pmd)))
}

/// [`pte_dirty`] of a PMD leaf.
pub fn pmd_dirty(pmd: pmd_t) -> bool {
    pte_dirty(pmd_pte(pmd))
}

/// [`pte_mkdirty`] of a PMD leaf.
pub fn pmd_mkdirty(pmd: pmd_t) -> pmd_t {
    pte_pmd(pte_mkdirty(pmd_pte(pmd)))
}

/// [`pte_mkclean`] of a PMD leaf.
pub fn pmd_mkclean(pmd: pmd_t) -> pmd_t {
    pte_pmd(pte_mkclean(pmd_pte(pmd)))
}

/// [`pte_young`] of a PMD leaf.
pub fn pmd_young(pmd: pmd_t) -> bool {
    pte_young(pmd_pte(pmd))
}

/// [`pte_mkyoung`] of a PMD leaf.
pub fn pmd_mkyoung(pmd: pmd_t) -> pmd_t {
    pte_pmd(pte_mkyoung(pmd_pte(pmd)))
}

/// [`pte_mkold`] of a PMD leaf.
pub fn pmd_mkold(pmd: pmd_t) -> pmd_t {
    pte_pmd(pte_mkold(pmd_pte(pmd)))
}

/// [`pte_special`] of a PMD leaf.
pub fn pmd_special(pmd: pmd_t) -> bool {
    pte_special(pmd_pte(pmd))
}

/// [`pte_mkspecial`] of a PMD leaf.
pub fn pmd_mkspecial(pmd: pmd_t) -> pmd_t {
    pte_pmd(pte_mkspecial(pmd_pte(pmd)))
}

/// [`pte_soft_dirty`] of a PMD leaf.
pub fn pmd_soft_dirty(pmd: pmd_t) -> bool {
    pte_soft_dirty(pmd_pte(pmd))
}

/// [`pte_mksoft_dirty`] of a PMD leaf.
pub fn pmd_mksoft_dirty(pmd: pmd_t) -> pmd_t {
    pte_pmd(pte_mksoft_dirty(pmd_pte(pmd)))
}

/// [`pte_clear_soft_dirty`] of a PMD leaf.
pub fn pmd_clear_soft_dirty(pmd: pmd_t) -> pmd_t {
    pte_pmd(pte_clear_soft_dirty(pmd_pte(pmd)))
}

/// [`pte_uffd_wp`] of a PMD leaf.
pub fn pmd_uffd_wp(pmd: pmd_t) -> bool {
    pte_uffd_wp(pmd_pte(pmd))
}

/// [`pte_mkuffd_wp`] of a PMD leaf.
pub fn pmd_mkuffd_wp(pmd: pmd_t) -> pmd_t {
    pte_pmd(pte_mkuffd_wp(pmd_pte(pmd)))
}

/// [`pte_clear_uffd_wp`] of a PMD leaf.
pub fn pmd_clear_uffd_wp(pmd: pmd_t) -> pmd_t {
    pte_pmd(pte_clear_uffd_wp(pmd_pte(pmd)))
}

/// Whether there is neither table nor leaf.
pub fn pud_none(pud: pud_t) -> bool {
    pud.0 == 0
}

/// An entry that points to a PMD table.
pub fn pud_table() -> pud_t {
    pud_t(table_entry())
}

fn pud_pmd(pud: pud_t) -> pmd_t {
    pmd_t(pud.0)
}

fn pmd_pud(pmd: pmd_t) -> pud_t {
    pud_t(pmd.0)
}

/// [`pfn_pmd`] for the PUD level.
pub fn pfn_pud(pfn: u64, prot: pgprot_t) -> pud_t {
    pmd_pud(pfn_pmd(pfn, prot))
}

/// The first page frame of a PUD leaf.
pub fn pud_pfn(pud: pud_t) -> u64 {
    pmd_pfn(pud_pmd(pud))
}

/// Makes a PUD entry a leaf.
pub fn pud_mkhuge(pud: pud_t) -> pud_t {
    pmd_pud(pmd_mkhuge(pud_pmd(pud)))
}

/// Whether the entry maps memory rather than a table.
pub fn pud_leaf(pud: pud_t) -> bool {
    pmd_leaf(pud_pmd(pud))
}

/// [`pte_modify`] for a PUD leaf.
pub fn pud_modify(old: pud_t, newprot: pgprot_t) -> pud_t {
    pmd_pud(pmd_modify(pud_pmd(old), newprot))
}

/// [`pte_write`] of a PUD leaf.
pub fn pud_write(pud: pud_t) -> bool {
    pmd_write(pud_pmd(pud))
}

/// [`pte_mkwrite`] of a PUD leaf.
pub fn pud_mkwrite(pud: pud_t) -> pud_t {
    pmd_pud(pmd_mkwrite(pud_pmd(pud)))
}

/// [`pte_wrprotect`] of a PUD leaf.
pub fn pud_wrprotect(pud: pud_t) -> pud_t {
    pmd_pud(pmd_wrprotect(pud_pmd(pud)))
}

/// [`pte_mkdirty`] of a PUD leaf.
pub fn pud_mkdirty(pud: pud_t) -> pud_t {
    pmd_pud(pmd_mkdirty(pud_pmd(pud)))
}

/// [`pte_mkyoung`] of a PUD leaf.
pub fn pud_mkyoung(pud: pud_t) -> pud_t {
    pmd_pud(pmd_mkyoung(pud_pmd(pud)))
}

/// [`pte_mkold`] of a PUD leaf.
pub fn pud_mkold(pud: pud_t) -> pud_t {
    pmd_pud(pmd_mkold(pud_pmd(pud)))
}

/// [`pte_mkspecial`] of a PUD leaf.
pub fn pud_mkspecial(pud: pud_t) -> pud_t {
    pmd_pud(pmd_mkspecial(pud_pmd(pud)))
}

/// [`pte_mksoft_dirty`] of a PUD leaf.
pub fn pud_mksoft_dirty(pud: pud_t) -> pud_t {
    pmd_pud(pmd_mksoft_dirty(pud_pmd(pud)))
}
