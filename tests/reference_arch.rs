//! The entry helpers of the three architectures: what each may change, and what
//! it must keep.

use ptelint::reference::arch::*;
use ptelint::reference::faults;
use ptelint::reference::types::*;

const MODES: [cache_mode; 3] = [
    cache_mode::WriteBack,
    cache_mode::WriteCombined,
    cache_mode::Uncached,
];

const ACCESS: [vm_flags_t; 5] = [
    VM_NONE,
    VM_READ,
    VM_READ | VM_WRITE,
    VM_READ | VM_SHARED,
    VM_READ | VM_WRITE | VM_SHARED,
];

/// Every protection with every attribute, for each architecture booted.
fn each_prot(mut body: impl FnMut(Arch, pgprot_t)) {
    for arch in Arch::ALL {
        boot(arch);
        for access in ACCESS {
            for mode in MODES {
                let prot = pgprot_cachemode(vm_get_page_prot(access), mode);
                body(arch, prot);
                body(arch, pgprot_decrypted(prot));
            }
        }
    }
}

/// PTEs in every state of their own, made from one protection.
fn ptes(prot: pgprot_t) -> Vec<pte_t> {
    let mut ptes = vec![pfn_pte(12, prot)];
    let marks: [fn(pte_t) -> pte_t; 6] = [
        pte_mkspecial,
        pte_mkdirty,
        pte_mkold,
        pte_mksoft_dirty,
        pte_mkuffd_wp,
        pte_mkwrite,
    ];
    for mark in marks {
        for pte in ptes.clone() {
            ptes.push(mark(pte));
        }
    }
    ptes
}

#[test]
fn pte_modify_keeps_all_but_permissions() {
    each_prot(|arch, prot| {
        for old in ptes(prot) {
            for access in ACCESS {
                let new = pte_modify(old, vm_get_page_prot(access));
                assert_eq!(pte_pfn(new), pte_pfn(old), "{arch:?} {old:x?}");
                let attributes = attribute_mask(false);
                assert_eq!(new.0 & attributes, old.0 & attributes, "{arch:?} {old:x?}");
                assert_eq!(pte_special(new), pte_special(old));
                assert_eq!(pte_dirty(new), pte_dirty(old), "{arch:?} {old:x?}");
                assert_eq!(pte_soft_dirty(new), pte_soft_dirty(old));
                assert_eq!(pte_uffd_wp(new), pte_uffd_wp(old));
                assert_eq!(pte_protnone(new), access == VM_NONE);
                assert_eq!(pte_write(new), access == VM_READ | VM_WRITE | VM_SHARED);
            }
        }
    });
}

#[test]
fn pmd_and_pud_modify_keep_all_but_permissions() {
    each_prot(|arch, prot| {
        let old = pmd_mkspecial(pmd_mkdirty(pmd_mkhuge(pfn_pmd(16, prot))));
        let old_pud = pud_mkspecial(pud_mkdirty(pud_mkhuge(pfn_pud(16, prot))));
        for access in ACCESS {
            let newprot = vm_get_page_prot(access);
            let (new, new_pud) = (pmd_modify(old, newprot), pud_modify(old_pud, newprot));
            assert!(pmd_leaf(new) && pud_leaf(new_pud), "{arch:?} {new:x?}");
            assert_eq!((pmd_pfn(new), pud_pfn(new_pud)), (16, 16));
            let attributes = attribute_mask(true);
            assert_eq!(new.0 & attributes, old.0 & attributes, "{arch:?} {old:x?}");
            assert_eq!(new_pud.0 & attributes, old_pud.0 & attributes);
            assert!(pmd_dirty(new) && pmd_special(new));
            assert_eq!(pmd_protnone(new), access == VM_NONE);
        }
    });
}

#[test]
fn pgprot_modify_keeps_the_default_s_attributes() {
    each_prot(|arch, prot| {
        for access in ACCESS {
            let new = pgprot_modify(prot, vm_get_page_prot(access));
            let attributes = attribute_mask(false);
            assert_eq!(
                new.0 & attributes,
                prot.0 & attributes,
                "{arch:?} {prot:x?}"
            );
        }
    });
}

#[test]
fn the_lossy_variant_loses_attributes_on_every_architecture() {
    faults::configure(faults::by_name("lossy-pte-modify"));
    for arch in Arch::ALL {
        boot(arch);
        let default = vm_get_page_prot(VM_READ);
        let old = pfn_pte(16, pgprot_writecombine(default));
        let new = pte_modify(old, default);
        assert_ne!(new.0 & attribute_mask(false), old.0 & attribute_mask(false));
        let old = pmd_mkhuge(pfn_pmd(16, pgprot_writecombine(default)));
        let new = pmd_modify(old, default);
        assert!(pmd_leaf(new));
        assert_ne!(new.0 & attribute_mask(true), old.0 & attribute_mask(true));
    }
    faults::configure(None);
}

#[test]
fn dirty_survives_write_protection() {
    each_prot(|arch, prot| {
        for pte in ptes(prot) {
            let written = pte_t(hw_set_access(pte_mkdirty(pte_mkwrite(pte)).0, true));
            assert!(pte_dirty(pte_wrprotect(written)), "{arch:?} {pte:x?}");
            assert!(!pte_write(pte_wrprotect(written)));
            assert!(!pte_dirty(pte_mkclean(written)), "{arch:?} {pte:x?}");
        }
    });
}

#[test]
fn swap_entries_are_neither_none_nor_present() {
    for arch in Arch::ALL {
        boot(arch);
        for kind in [0, 1, 27, 28, 29] {
            for offset in [1, 2, 11, 4096] {
                let pte = pte_swp_mkexclusive(swp_entry_to_pte(kind, offset));
                let pte = pte_swp_mkuffd_wp(pte_swp_mksoft_dirty(pte));
                assert!(is_swap_pte(pte), "{arch:?} {pte:x?}");
                assert_eq!((swp_type(pte), swp_offset(pte)), (kind, offset), "{arch:?}");
                assert!(pte_swp_exclusive(pte));
                assert_eq!(pte_swp_soft_dirty(pte), arch.has_soft_dirty());
                assert_eq!(pte_swp_uffd_wp(pte), arch.has_uffd_wp());
                assert!(!pte_swp_exclusive(pte_swp_clear_exclusive(pte)));
                assert!(!pte_swp_uffd_wp(pte_swp_clear_uffd_wp(pte)));
                assert!(!pte_swp_soft_dirty(pte_swp_clear_soft_dirty(pte)));
            }
        }
    }
}

#[test]
fn an_x86_no_access_entry_stores_its_pfn_inverted() {
    boot(Arch::X86_64);
    let old = pfn_pte(12, vm_get_page_prot(VM_READ));
    let none = pte_modify(old, vm_get_page_prot(VM_NONE));
    assert_eq!(pte_pfn(none), 12);
    assert_ne!(none.0 & (12 << 12), old.0 & (12 << 12));
    assert_eq!(pte_modify(none, vm_get_page_prot(VM_READ)), old);
}

#[test]
fn only_leaves_are_leaves() {
    each_prot(|arch, prot| {
        assert!(!pmd_leaf(pmd_table()) && !pud_leaf(pud_table()), "{arch:?}");
        assert!(!pmd_leaf(pmd_t(0)) && !pud_leaf(pud_t(0)), "{arch:?}");
        assert!(pmd_leaf(pmd_mkhuge(pfn_pmd(16, prot))), "{arch:?}");
    });
}
