//! The answers of the analysis, in the words of the machine-readable output.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::vocabulary::{Kind, Level};

/// A call that installs user page-table entries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mapping {
    /// Path relative to the checked tree, `/` separators.
    pub file: String,
    /// Line of the call, from 1.
    pub line: u32,
    /// Column of the call in bytes, from 1.
    pub column: u32,
    /// The function the call stands in.
    pub function: String,
    /// The name of the function called.
    pub api: String,
    /// Every protection that can arrive.
    pub protection: BTreeSet<Protection>,
    /// True if one of them is an override.
    #[serde(rename = "override")]
    pub is_override: bool,
    /// Which bits the override changes.
    pub kinds: BTreeSet<Kind>,
    /// What the API changes on the way.
    pub api_adjusts: Vec<ApiAdjustment>,
    /// Names of the tables the VMA's `vm_ops` can point to.
    pub vm_ops: BTreeSet<String>,
    /// Flags that are certain to be set.
    pub vm_flags: BTreeSet<String>,
    /// Level of the entries.
    pub level: Level,
    /// Whether a copy-on-write mapping can get here.
    pub cow: Cow,
    /// From the file operation or fault handler to the insertion.
    pub path: Vec<Step>,
    /// Architecture directories; empty for all.
    pub arches: BTreeSet<String>,
    /// Presence condition, `None` for always.
    pub condition: Option<String>,
}

/// A protection that arrives at an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// The VMA's own, as the core made it.
    VmaProt,
    /// The VMA's own, stored by the mmap operation before.
    VmaProtUpdated,
    /// The VMA's own, stored by a fault-type operation before.
    VmaProtLate,
    /// The API reads the VMA's own by itself.
    Implicit,
    /// Computed from a protection, and not the VMA's own any more.
    OverrideDerived,
    /// A fixed protection.
    OverrideConstant,
    /// Depends on callers that are not known.
    Param,
}

/// What an insertion API changes in the protection by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ApiAdjustment {
    /// Which bits.
    pub kind: Kind,
    /// The function that does it.
    pub function: String,
    /// Where that function does something.
    pub arches: BTreeSet<String>,
}

/// Whether a copy-on-write mapping can get to an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cow {
    /// The way to the API turns it away.
    Refused,
    /// Nothing turns it away.
    Possible,
    /// The way to the API is not known.
    Unknown,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Step {
    /// Path relative to the checked tree.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// The function the line is in.
    pub function: String,
}

/// A generic use of a protection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Reader {
    /// Path relative to the checked tree.
    pub file: String,
    /// Line of the use, from 1.
    pub line: u32,
    /// Column in bytes, from 1.
    pub column: u32,
    /// The function it stands in.
    pub function: String,
    /// What is done with the protection.
    pub role: Role,
    /// Level of the entry made.
    pub level: UseLevel,
    /// Where the protection comes from.
    pub source: Source,
    /// The judgement.
    pub verdict: Verdict,
    /// Why it is safe; see the domain's list of reasons.
    pub reasons: BTreeSet<String>,
    /// What the judgement rests on.
    pub evidence: Vec<Evidence>,
    /// Where it goes wrong, if that depends on the architecture; the architecture directory of
    /// architecture code.
    pub arches: BTreeSet<String>,
    /// Presence condition, `None` for always.
    pub condition: Option<String>,
}

/// What is done with a protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// An entry is made from it.
    Construct,
    /// An entry is changed to it.
    Modify,
    /// It goes to another function.
    Forward,
    /// Another protection is made from it.
    Recompute,
    /// It is compared.
    Compare,
    /// It is printed.
    Print,
    /// Anything else.
    Other,
}

/// Level of the entry a use makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UseLevel {
    /// Last level.
    Pte,
    /// Huge entry of the second level.
    Pmd,
    /// Huge entry of the third level.
    Pud,
    /// hugetlb.
    Huge,
    /// No entry is made here.
    None,
}

impl From<Level> for UseLevel {
    fn from(level: Level) -> UseLevel {
        match level {
            Level::Pte => UseLevel::Pte,
            Level::Pmd => UseLevel::Pmd,
            Level::Pud => UseLevel::Pud,
            Level::Huge => UseLevel::Huge,
        }
    }
}

/// Where the protection of a use comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Source {
    /// `vma->vm_page_prot` can arrive.
    #[serde(rename = "vm_page_prot")]
    VmPageProt,
    /// Only fixed protections.
    #[serde(rename = "constant")]
    Constant,
    /// Anything else.
    #[serde(rename = "other")]
    Other,
}

/// The judgement on a generic use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No entry is constructed or modified from it.
    NoEntry,
    /// Override mappings cannot get here.
    Safe,
    /// A driver-facing insertion helper.
    Insertion,
    /// Depends on the architecture's helper.
    ArchDependent,
    /// Not decided.
    Unproven,
    /// An override mapping can get here and loses its bits.
    Violation,
}

/// A place a judgement rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Evidence {
    /// What stands there or what it means.
    pub text: String,
    /// Path relative to the checked tree.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
}

/// What a run looked at and what it did not understand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Functions the answers depend on.
    pub functions: usize,
    /// Those with a place that was not understood.
    pub not_understood: usize,
    /// Indirect calls without a known target.
    pub indirect_unresolved: usize,
    /// Generic uses left unproven, among those that were judged.
    pub unproven: usize,
}
