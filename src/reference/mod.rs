//! The reference fault path: a small, executable model of Linux mm in which
//! entries can differ from `vma->vm_page_prot`, and the rule that makes this
//! safe can be seen to hold, or to break.
//!
//! It is written the way the kernel is, with the kernel's names, so that it
//! explains the rule to people and is a known-good subject for the analysis.
//! Read it in this order:
//!
//! 1. [`types`]: VMAs, entries, `vm_ops`; [`arch`]: the bits of an entry on
//!    three architectures;
//! 2. [`drivers`]: who needs overrides, above all [`drivers::ttm`];
//! 3. [`mm`]: the generic code that must not stumble over them;
//! 4. [`invariant`]: what must hold after every operation;
//! 5. [`faults`]: what happens if a guard is forgotten; [`explore`]: the search
//!    that finds the shortest way there.
//!
//! The model is correct: on all three architectures `pte_modify()` keeps
//! attribute bits, and the generic code is guarded as the rule demands.
//!
//! # What is not modelled
//!
//! Concurrency and TLBs: every operation runs alone and takes effect at once.
//! Folios of several pages, huge zero pages, KSM, hugetlbfs, shmem, DAX,
//! khugepaged, memory protection keys, executable mappings.

// Kernel names are kept as they are, so that a kernel developer, and the
// vocabulary of the analysis, recognise them.
#![allow(non_camel_case_types, non_snake_case, non_upper_case_globals)]

pub mod arch;
pub mod cover;
pub mod drivers;
pub mod explore;
pub mod faults;
pub mod hardware;
pub mod invariant;
pub mod machine;
pub mod mm;
pub mod types;
