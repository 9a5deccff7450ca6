//! ptelint checks kernel memory-management code for one invariant: generic code never rebuilds a
//! page-table entry from `vma->vm_page_prot` where a driver may have inserted one with other
//! caching or encryption bits.
//!
//! Data flows one way: `tree` → `syntax` → [`program`] → `callgraph` → [`analysis`] →
//! [`rules`] → `report`. Start reading in [`program`], which every stage speaks.

pub mod analysis;
pub mod arch;
pub mod baseline;
pub mod callgraph;
pub mod compare;
pub mod config;
pub mod dotconfig;
pub mod kconfig;
pub mod lsp;
pub mod pipeline;
pub mod program;
pub mod reference;
pub mod report;
pub mod rules;
pub mod sample;
pub mod settings;
pub mod syntax;
pub mod tree;
pub mod validate;
pub mod vocabulary;
