//! What must hold after every operation.
//!
//! [`check`] looks at a state as a whole: page tables, VMAs, struct pages, and
//! what user space is entitled to (`machine::ghost`).

use super::arch::*;
use super::drivers::{chosen_prot, current_pfn, may_become_writable};
use super::hardware::{leaf, level};
use super::machine::*;
use super::mm::migrate::is_migration_entry;
use super::mm::vma::{is_cow_mapping, linear_page_index, vma_is_anonymous, vma_ops};
use super::types::*;
use std::fmt;

/// Which part of the invariant a state breaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Rule {
    /// A `BUG_ON` fired, or a fault made no progress.
    Bug,
    /// `vm_page_prot` has the attributes the driver chose.
    Default,
    /// Every present entry carries the attributes its frame must have; an
    /// anonymous page those of the VMA's default.
    Attributes,
    /// An entry permits no more than its VMA does.
    Permissions,
    /// A private mapping's entry is writable only if it maps an exclusive
    /// anonymous page.
    Private,
    /// A page that a mapping holds only raw never gains rmap.
    Rmap,
    /// A raw entry, or a page of the file, is the one the mapper has there now.
    Stale,
    /// What was written is known to be dirty, and is there until someone gives it
    /// up.
    Dirty,
    /// Soft-dirty is not lost.
    SoftDirty,
    /// Write protection for userfaultfd is not lost, and does protect.
    UffdWp,
    /// Whoever wants to know of writes is told before an entry is writable.
    WriteNotify,
    /// Counts agree with the page tables: mappings of pages, references to swap
    /// slots; nothing is mapped outside of VMAs, no memory leaks.
    Accounting,
}

/// One broken part, with the place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The part that is broken.
    pub rule: Rule,
    /// What is wrong, and where.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.text)
    }
}

/// Everything that is wrong with a state; empty if it is sound. Reads the
/// architecture of this thread, and drivers' state from the machine loaded.
pub fn check(m: &machine) -> Vec<Violation> {
    let mut checker = Checker {
        m,
        mapcount: [0; NR_FRAMES],
        dirty: [false; NR_FRAMES],
        swap_map: [0; NR_SWAP],
        violations: Vec::new(),
    };
    if let Some(text) = m.bug {
        checker.report(Rule::Bug, || format!("kernel BUG: {text}"));
    }
    for mm in ALL_MMS {
        checker.check_mm(mm);
    }
    checker.check_frames();
    checker.violations
}

struct Checker<'a> {
    m: &'a machine,
    mapcount: [u8; NR_FRAMES],
    /// Whether an entry that maps the frame is dirty.
    dirty: [bool; NR_FRAMES],
    swap_map: [u8; NR_SWAP],
    violations: Vec<Violation>,
}

impl Checker<'_> {
    fn report(&mut self, rule: Rule, text: impl FnOnce() -> String) {
        self.violations.push(Violation { rule, text: text() });
    }

    fn check_vma(&mut self, vma: &vm_area_struct) {
        let default = vm_get_page_prot(VM_READ);
        let wanted = chosen_prot(vma.vm_file, default).0 & attribute_mask(false);
        let found = vma.vm_page_prot.0 & attribute_mask(false);
        if found != wanted {
            self.report(Rule::Default, || {
                format!(
                    "vm_page_prot at {} is {}, and the driver chose {}",
                    name_page(vma.vm_mm, vma.vm_start),
                    describe_attributes(pgprot_t(found)),
                    describe_attributes(pgprot_t(wanted))
                )
            });
        }
    }

    fn check_mm(&mut self, mm: mm_ptr) {
        for vma in self.m.mm[mm as usize].mmap.iter().flatten() {
            self.check_vma(vma);
        }
        let mut vmas = self.m.mm[mm as usize].mmap.iter().flatten().peekable();
        for page in 0..NR_VPAGES as u64 {
            let addr = page << PAGE_SHIFT;
            while vmas.next_if(|vma| vma.vm_end <= addr).is_some() {}
            let vma = vmas.peek().filter(|vma| vma.vm_start <= addr);
            if self.m.ghost.lost[mm as usize] & 1 << page != 0 {
                self.report(Rule::Dirty, || {
                    format!("what was written to {} is gone", name_page(mm, addr))
                });
            }
            let Some(leaf) = self.m.find_leaf(mm, addr) else {
                continue;
            };
            let Some(vma) = vma else {
                self.report(Rule::Accounting, || {
                    format!("{} is mapped, but lies in no VMA", name_page(mm, addr))
                });
                continue;
            };
            if pte_present(pte_t(leaf.val)) {
                self.check_present(vma, addr, leaf);
            } else {
                self.check_swap(vma, addr, pte_t(leaf.val));
            }
        }
    }

    fn check_present(&mut self, vma: &vm_area_struct, addr: u64, leaf: leaf) {
        let pte = pte_t(leaf.val);
        let frame = self.m.mem_map[leaf.pfn as usize];
        let anon = frame.flags & PG_anon != 0 && !pte_special(pte);
        let at = || name_page(vma.vm_mm, addr);

        let huge = leaf.level != level::Pte;
        let wanted = if anon {
            vma.vm_page_prot.0 & attribute_mask(huge)
        } else {
            required_attributes(frame.mode) & attribute_mask(huge)
        };
        let found = leaf.val & attribute_mask(huge);
        if found != wanted {
            self.report(Rule::Attributes, || {
                format!(
                    "{} maps {} as {}, which must be {}",
                    at(),
                    name_frame(leaf.pfn),
                    describe_attributes(pgprot_t(found)),
                    describe_attributes(pgprot_t(wanted))
                )
            });
        }

        if pte_write(pte) && vma.vm_flags & VM_WRITE == 0 {
            self.report(Rule::Permissions, || {
                format!("{} is writable, and the VMA is not", at())
            });
        }
        if !pte_protnone(pte) && vma.vm_flags & VM_ACCESS_FLAGS == 0 {
            self.report(Rule::Permissions, || {
                format!("{} is accessible, and the VMA is not", at())
            });
        }
        let exclusive = anon && frame.flags & PG_anon_exclusive != 0;
        if pte_write(pte) && vma.vm_flags & VM_SHARED == 0 && !exclusive {
            self.report(Rule::Private, || {
                format!(
                    "{} is private and writable, but maps {}",
                    at(),
                    name_frame(leaf.pfn)
                )
            });
        }

        if pte_special(pte) {
            self.check_raw(vma, addr, leaf);
        } else {
            self.check_normal(vma, addr, leaf, anon);
        }
        self.check_tracking(vma, addr, pte_soft_dirty(pte), pte_uffd_wp(pte));
        if pte_uffd_wp(pte) && pte_write(pte) {
            self.report(Rule::UffdWp, || {
                format!("{} is write-protected for userfaultfd, and writable", at())
            });
        }
    }

    /// An entry core mm must not look behind.
    fn check_raw(&mut self, vma: &vm_area_struct, addr: u64, leaf: leaf) {
        let written = self.m.ghost.raw_written[vma.vm_mm as usize] & 1 << (addr >> PAGE_SHIFT) != 0;
        if written && !pte_dirty(pte_t(leaf.val)) {
            self.report(Rule::Dirty, || {
                format!(
                    "{} was written, and its entry is clean",
                    name_page(vma.vm_mm, addr)
                )
            });
        }
        let writable = pte_write(pte_t(leaf.val));
        if writable && !may_become_writable(vma.vm_file, linear_page_index(vma, addr)) {
            self.report(Rule::WriteNotify, || {
                let at = name_page(vma.vm_mm, addr);
                format!("{at} is writable, and the driver would have refused")
            });
        }
        self.check_stale(vma, addr, leaf);
    }

    /// An entry of a page core mm manages.
    fn check_normal(&mut self, vma: &vm_area_struct, addr: u64, leaf: leaf, anon: bool) {
        let at = || name_page(vma.vm_mm, addr);
        let frame = self.m.mem_map[leaf.pfn as usize];
        let pool = (POOL_START..POOL_END).contains(&leaf.pfn);
        let raw_only = vma.vm_flags & VM_PFNMAP != 0 && !(anon && is_cow_mapping(vma.vm_flags));
        if !pool || raw_only {
            self.report(Rule::Rmap, || {
                let kind = if raw_only { "a VM_PFNMAP VMA" } else { "a VMA" };
                format!(
                    "{} maps {} by a normal entry in {kind}: the page has gained rmap",
                    at(),
                    name_frame(leaf.pfn)
                )
            });
        }
        self.mapcount[leaf.pfn as usize] += 1;
        self.dirty[leaf.pfn as usize] |= pte_dirty(pte_t(leaf.val));

        // page_mkwrite marks the page dirty, and write-back undoes both.
        let wants = vma_ops(vma).page_mkwrite.is_some() && !anon;
        if wants && pte_write(pte_t(leaf.val)) && frame.flags & PG_dirty == 0 {
            self.report(Rule::WriteNotify, || {
                format!("{} is writable, and the file was not told", at())
            });
        }
        if anon && vma.vm_flags & VM_MAYSHARE != 0 {
            self.report(Rule::Stale, || {
                format!("{} is shared, and maps a private copy", at())
            });
        }
        if !anon {
            self.check_stale(vma, addr, leaf);
        }
    }

    fn check_stale(&mut self, vma: &vm_area_struct, addr: u64, leaf: leaf) {
        let expected = match vma.vm_file {
            Some(mapping) => current_pfn(mapping, vma, linear_page_index(vma, addr)),
            None => Some(ZERO_PFN).filter(|_| vma_is_anonymous(vma)),
        };
        if expected != Some(leaf.pfn) {
            self.report(Rule::Stale, || {
                format!(
                    "{} maps {}, where the mapper now has {}",
                    name_page(vma.vm_mm, addr),
                    name_frame(leaf.pfn),
                    expected.map_or("nothing".to_string(), name_frame)
                )
            });
        }
    }

    /// What user space asked to be told must still be found at the entry,
    /// present or not.
    fn check_tracking(&mut self, vma: &vm_area_struct, addr: u64, soft_dirty: bool, uffd_wp: bool) {
        let page = 1u16 << (addr >> PAGE_SHIFT);
        let ghost = self.m.ghost;
        let mm = vma.vm_mm as usize;
        // Writes to raw mappings are not tracked page by page (clear_refs
        // skips VM_PFNMAP).
        let tracked = current().has_soft_dirty() && vma.vm_flags & (VM_SOFTDIRTY | VM_PFNMAP) == 0;
        if tracked && ghost.soft_dirty[mm] & page != 0 && !soft_dirty {
            self.report(Rule::SoftDirty, || {
                format!(
                    "{} was written, and is not soft-dirty",
                    name_page(vma.vm_mm, addr)
                )
            });
        }
        let protected = vma.vm_flags & VM_UFFD_WP != 0 && ghost.uffd_wp[mm] & page != 0;
        if protected && !uffd_wp {
            self.report(Rule::UffdWp, || {
                format!(
                    "{} was write-protected through userfaultfd, and the entry has lost it",
                    name_page(vma.vm_mm, addr)
                )
            });
        }
    }

    fn check_swap(&mut self, vma: &vm_area_struct, addr: u64, pte: pte_t) {
        if is_migration_entry(pte) {
            if swp_offset(pte) != u64::from(self.m.migrate_from) {
                self.report(Rule::Accounting, || {
                    format!(
                        "{} waits for a migration that is over",
                        name_page(vma.vm_mm, addr)
                    )
                });
            }
        } else {
            let slot = swp_offset(pte) as usize % NR_SWAP;
            self.swap_map[slot] += 1;
            if pte_swp_exclusive(pte) && self.m.swap_map[slot] > 1 {
                self.report(Rule::Private, || {
                    let at = name_page(vma.vm_mm, addr);
                    format!("{at} is exclusive in swap, and another process has it too")
                });
            }
        }
        self.check_tracking(vma, addr, pte_swp_soft_dirty(pte), pte_swp_uffd_wp(pte));
    }

    fn check_frames(&mut self) {
        for pfn in 0..NR_FRAMES {
            let frame = self.m.mem_map[pfn];
            let dirty = frame.flags & PG_dirty != 0 || self.dirty[pfn];
            if frame.flags & PG_written != 0 && !dirty {
                self.report(Rule::Dirty, || {
                    format!(
                        "{} was written, and nothing says so any more",
                        name_frame(pfn as u64)
                    )
                });
            }
            if frame.mapcount != self.mapcount[pfn] {
                let found = self.mapcount[pfn];
                self.report(Rule::Accounting, || {
                    let counted = frame.mapcount as i8;
                    let name = name_frame(pfn as u64);
                    format!("{name} is mapped {found} times, and its mapcount is {counted}")
                });
            }
            if frame.flags & PG_anon_exclusive != 0 && frame.mapcount > 1 {
                self.report(Rule::Private, || {
                    format!("{} is exclusive, and mapped twice", name_frame(pfn as u64))
                });
            }
            let isolated = [self.m.migrate_from, self.m.migrate_to].contains(&(pfn as u8));
            let cached = self.m.i_pages.contains(&(pfn as u8));
            let reserved = frame.flags & PG_reserved != 0;
            if frame.flags != 0 && !reserved && frame.mapcount == 0 && !isolated && !cached {
                self.report(Rule::Accounting, || {
                    format!("{} is allocated, and nobody has it", name_frame(pfn as u64))
                });
            }
        }
        if self.m.swap_map != self.swap_map {
            self.report(Rule::Accounting, || "swap slots are miscounted".to_string());
        }
    }
}

/// The attribute bits of a PTE for such a frame.
fn required_attributes(mode: frame_mode) -> u64 {
    let mut prot = pgprot_cachemode(vm_get_page_prot(VM_READ), mode.cache);
    if !mode.encrypted {
        prot = pgprot_decrypted(prot);
    }
    prot.0
}

/// A page of a process, in words.
pub fn name_page(mm: mm_ptr, addr: u64) -> String {
    format!("page {} of {}", addr >> PAGE_SHIFT, name_process(mm))
}

/// A process, in words.
pub fn name_process(mm: mm_ptr) -> &'static str {
    if mm == 0 { "process A" } else { "process B" }
}

/// A page frame, in words.
pub fn name_frame(pfn: u64) -> String {
    match pfn {
        ZERO_PFN => "the zero page".to_string(),
        SHARED_PAGE_PFN..POOL_START => format!("shared page {}", pfn - SHARED_PAGE_PFN),
        POOL_START..POOL_END => format!("memory page {pfn}"),
        BO_SYSTEM_PFN..BO_VRAM_PFN => {
            format!("buffer page {} in system memory", pfn - BO_SYSTEM_PFN)
        }
        BO_VRAM_PFN..DOORBELL_PFN => format!("buffer page {} in device memory", pfn - BO_VRAM_PFN),
        _ => format!("doorbell {}", pfn - DOORBELL_PFN),
    }
}
