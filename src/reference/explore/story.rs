//! A sequence of operations as a story: what is done, and what becomes of VMAs
//! and entries.

use super::super::arch::*;
use super::super::hardware::{leaf, level};
use super::super::invariant::{check, name_frame, name_process};
use super::super::machine::*;
use super::super::mm::migrate::is_migration_entry;
use super::super::types::*;
use super::op::Op;
use super::search::{Search, start};
use std::fmt::Write;

/// Tells a sequence, step by step, with the invariant's verdict at the end.
pub fn tell(params: &Search, ops: &[Op]) -> String {
    let mut story = String::new();
    let mut before = machine::POWER_ON;
    for mapping in params.world.mappings {
        let _ = writeln!(story, "   {}", Op::Mmap(0, *mapping).words());
    }
    let mut after = start(params);
    describe_changes(&mut story, &before, &after);
    for (number, op) in ops.iter().enumerate() {
        before = after;
        load(&before);
        let result = op.apply();
        after = save();
        let _ = write!(story, "{}. {}", number + 1, op.words());
        let _ = match result {
            Some(result) => writeln!(story, ": {result}"),
            None => writeln!(story),
        };
        describe_changes(&mut story, &before, &after);
    }
    let violations = check(&after);
    if violations.is_empty() {
        story.push_str("=> the invariant holds\n");
    }
    for violation in violations {
        let _ = writeln!(story, "=> {:?}: {violation}", violation.rule);
    }
    super::super::faults::configure(None);
    story
}

fn describe_changes(story: &mut String, before: &machine, after: &machine) {
    for mm in ALL_MMS {
        let (old, new) = (vma_lines(before, mm), vma_lines(after, mm));
        for line in new.iter().filter(|line| !old.contains(line)) {
            let _ = writeln!(story, "     {line}");
        }
        for line in leaf_changes(before, after, mm) {
            let _ = writeln!(story, "     {line}");
        }
    }
}

fn vma_lines(m: &machine, mm: mm_ptr) -> Vec<String> {
    m.mm[mm as usize]
        .mmap
        .iter()
        .flatten()
        .map(describe_vma)
        .collect()
}

fn describe_vma(vma: &vm_area_struct) -> String {
    let names = [
        (VM_READ, "VM_READ"),
        (VM_WRITE, "VM_WRITE"),
        (VM_SHARED, "VM_SHARED"),
        (VM_PFNMAP, "VM_PFNMAP"),
        (VM_MIXEDMAP, "VM_MIXEDMAP"),
        (VM_IO, "VM_IO"),
        (VM_UFFD_WP, "VM_UFFD_WP"),
        (VM_SOFTDIRTY, "VM_SOFTDIRTY"),
    ];
    let flags: Vec<&str> = names
        .iter()
        .filter(|(flag, _)| vma.vm_flags & flag != 0)
        .map(|(_, name)| *name)
        .collect();
    let flags = if flags.is_empty() {
        "no access".to_string()
    } else {
        flags.join(" | ")
    };
    let pages = name_pages(vma.vm_start, vma.vm_end);
    let prot = describe_attributes(vma.vm_page_prot);
    let write = if pte_write(pte_t(vma.vm_page_prot.0)) {
        "writable"
    } else {
        "read-only"
    };
    let write = if pte_protnone(pte_t(vma.vm_page_prot.0)) {
        "no access"
    } else {
        write
    };
    format!(
        "VMA {pages} of {}: {flags}; vm_page_prot {prot}, {write}",
        name_process(vma.vm_mm)
    )
}

/// The entries that are new, changed or gone; one line for each leaf.
fn leaf_changes(before: &machine, after: &machine, mm: mm_ptr) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut gone: Option<(u64, u64)> = None;
    let mut at = 0;
    while at < TASK_SIZE {
        let (old, new) = (before.find_leaf(mm, at), after.find_leaf(mm, at));
        let size = match new {
            Some(leaf {
                level: level::Pud, ..
            }) => PUD_SIZE,
            Some(leaf {
                level: level::Pmd, ..
            }) => PMD_SIZE,
            _ => PAGE_SIZE,
        };
        if old.is_some() && new.is_none() {
            gone = Some((gone.map_or(at, |(start, _)| start), at + size));
        } else if let Some((start, end)) = gone.take() {
            lines.push(format!("{}: no entry any more", name_pages(start, end)));
        }
        if let Some(new) = new
            && old != Some(new)
        {
            lines.push(format!(
                "{}: {}",
                name_pages(at, at + size),
                describe_leaf(new)
            ));
        }
        at += size;
    }
    if let Some((start, end)) = gone {
        lines.push(format!("{}: no entry any more", name_pages(start, end)));
    }
    for line in &mut lines {
        *line = format!("{}, {line}", name_process(mm));
    }
    lines
}

fn name_pages(start: u64, end: u64) -> String {
    let (first, last) = (start >> PAGE_SHIFT, (end >> PAGE_SHIFT) - 1);
    if first == last {
        format!("page {first}")
    } else {
        format!("pages {first}-{last}")
    }
}

fn describe_leaf(leaf: leaf) -> String {
    let pte = pte_t(leaf.val);
    if !pte_present(pte) {
        let mut text = if is_migration_entry(pte) {
            format!("migration entry for {}", name_frame(swp_offset(pte)))
        } else {
            format!("swap entry, slot {}", swp_offset(pte))
        };
        if pte_swp_uffd_wp(pte) {
            text.push_str(", uffd-wp");
        }
        return text;
    }
    let level = match leaf.level {
        level::Pte => "PTE",
        level::Pmd => "PMD leaf",
        level::Pud => "PUD leaf",
    };
    let mut text = format!(
        "{level} to {}, {}",
        name_frame(leaf.pfn),
        describe_attributes(pgprot_t(leaf.val))
    );
    let access = match (pte_protnone(pte), pte_write(pte)) {
        (true, _) => "no access",
        (false, true) => "writable",
        (false, false) => "read-only",
    };
    let _ = write!(text, "; {access}");
    let marks = [
        (pte_special(pte), "special"),
        (pte_dirty(pte), "dirty"),
        (pte_soft_dirty(pte), "soft-dirty"),
        (pte_uffd_wp(pte), "uffd-wp"),
    ];
    for (_, mark) in marks.iter().filter(|(set, _)| *set) {
        let _ = write!(text, ", {mark}");
    }
    text
}
