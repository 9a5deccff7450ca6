//! Deliberate faults: mistakes real patches have made or nearly made, which can
//! be switched in to see the invariant break.
//!
//! They are configuration options of the model, `CONFIG_FAULT_*`, all off in a
//! correct kernel. Code asks for them with [`is_injected`], which the analysis
//! knows by name (`rules/rust.toml`): what is done wrong on purpose is no finding.

use std::cell::Cell;

/// One configuration option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeliberateFault {
    /// Its name on the command line.
    pub name: &'static str,
    /// What the mistake is, as a sentence.
    pub what: &'static str,
    bit: u32,
}

/// `__split_huge_pmd_locked()` rebuilds the entries of every huge PMD.
pub const CONFIG_FAULT_REBUILD_IN_SPLIT: u32 = 1 << 0;
/// `pte_modify()` and `pmd_modify()` take attribute bits from the new
/// protection.
pub const CONFIG_FAULT_LOSSY_PTE_MODIFY: u32 = 1 << 1;
/// `vmf_insert_pfn_prot()` and its kin ignore the protection they are given.
pub const CONFIG_FAULT_DROPPED_PROTECTION: u32 = 1 << 2;
/// The TTM-like fault handler returns a page beside the overrides it inserted.
pub const CONFIG_FAULT_RETURN_PAGE_AFTER_OVERRIDE: u32 = 1 << 3;
/// `remove_migration_pte()` forgets the userfaultfd write protection.
pub const CONFIG_FAULT_LOST_UFFD_WP: u32 = 1 << 4;
/// NUMA balancing scans, and migrates from, every VMA.
pub const CONFIG_FAULT_UNGUARDED_NUMA: u32 = 1 << 5;
/// The TTM-like driver lets a private mapping become `VM_PFNMAP`.
pub const CONFIG_FAULT_COW_PFNMAP: u32 = 1 << 6;
/// `vma_set_page_prot()` forgets the attributes the driver chose.
pub const CONFIG_FAULT_DEFAULT_DRIFT: u32 = 1 << 7;

/// `clear_soft_dirty()` leaves writable migration entries writable.
pub const CONFIG_FAULT_LOST_SOFT_DIRTY: u32 = 1 << 8;

/// Every deliberate fault, in the order of the options.
pub const ALL: [DeliberateFault; 9] = [
    DeliberateFault {
        name: "rebuild-in-split",
        what: "__split_huge_pmd_locked() rebuilds the PTEs of a huge PMD from vma->vm_page_prot, \
               whether or not the VMA is anonymous",
        bit: CONFIG_FAULT_REBUILD_IN_SPLIT,
    },
    DeliberateFault {
        name: "lossy-pte-modify",
        what: "pte_modify() and pmd_modify() take the attribute bits from the new protection",
        bit: CONFIG_FAULT_LOSSY_PTE_MODIFY,
    },
    DeliberateFault {
        name: "dropped-protection",
        what: "insert_pfn() re-reads vma->vm_page_prot and drops the protection it was given",
        bit: CONFIG_FAULT_DROPPED_PROTECTION,
    },
    DeliberateFault {
        name: "return-page-after-override",
        what: "the TTM fault handler inserts overrides for the neighbours and returns the page of \
               the faulting address",
        bit: CONFIG_FAULT_RETURN_PAGE_AFTER_OVERRIDE,
    },
    DeliberateFault {
        name: "lost-uffd-wp",
        what: "remove_migration_pte() rebuilds the entry without its userfaultfd write protection",
        bit: CONFIG_FAULT_LOST_UFFD_WP,
    },
    DeliberateFault {
        name: "unguarded-numa",
        what: "NUMA balancing asks neither the VMA's flags nor vm_normal_page()",
        bit: CONFIG_FAULT_UNGUARDED_NUMA,
    },
    DeliberateFault {
        name: "cow-pfnmap",
        what: "the TTM driver makes a private mapping VM_PFNMAP instead of VM_MIXEDMAP",
        bit: CONFIG_FAULT_COW_PFNMAP,
    },
    DeliberateFault {
        name: "default-drift",
        what: "vma_set_page_prot() starts from vm_get_page_prot() and forgets what the driver \
               stored in vma->vm_page_prot",
        bit: CONFIG_FAULT_DEFAULT_DRIFT,
    },
    DeliberateFault {
        name: "lost-soft-dirty",
        what: "clear_refs leaves the entry of a page in migration writable, as Linux 6.12 does",
        bit: CONFIG_FAULT_LOST_SOFT_DIRTY,
    },
];

thread_local! {
    static CONFIG: Cell<u32> = const { Cell::new(0) };
}

/// Whether an option is on in this thread's machine.
#[inline]
pub fn is_injected(config: u32) -> bool {
    CONFIG.get() & config != 0
}

/// Switches one deliberate fault in, or all off.
pub fn configure(fault: Option<DeliberateFault>) {
    CONFIG.set(fault.map_or(0, |fault| fault.bit));
}

/// The fault of this name.
pub fn by_name(name: &str) -> Option<DeliberateFault> {
    ALL.into_iter().find(|fault| fault.name == name)
}
