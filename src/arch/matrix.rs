//! The answer: architectures × functions.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::analysis;
use super::headers::{Architecture, Headers, Sources};
use super::variants::{Rules, Variant};

/// What every architecture's helpers do.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// One per architecture, variant and function, in this order.
    pub rows: Vec<Row>,
    /// Bits that should outlive a protection change and do not.
    pub regressions: Vec<Regression>,
    /// Functions that were not understood.
    pub missed: BTreeSet<Missed>,
    /// Files read.
    pub n_files: usize,
    /// Their size.
    pub n_bytes: u64,
}

/// What one helper of one variant does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The directory below `arch/`.
    pub arch: String,
    /// The variant's name.
    pub variant: String,
    /// The helper.
    pub function: Modifier,
    /// Where it is defined.
    pub file: String,
    /// The line of its name.
    pub line: u32,
    /// The bits that count.
    pub bits: Vec<Bit>,
    /// Of caching and encryption together.
    pub verdict: Verdict,
    /// Of the memory type alone.
    pub caching: Verdict,
    /// Of encryption alone.
    pub encryption: Verdict,
    /// Configuration symbols that choose the variant.
    pub config: Vec<String>,
    /// Values the answer depends on.
    pub unknown: BTreeSet<String>,
    /// Macros the helper is made of.
    #[serde(skip)]
    pub used: Vec<Used>,
    /// The functions whose memory type or encryption is lost although the new protection is the
    /// one they started from.
    #[serde(skip)]
    pub forgets: BTreeSet<String>,
}

/// A helper that changes the protection of an entry, or of a protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modifier {
    /// Of a PTE.
    PteModify,
    /// Of a leaf at PMD level.
    PmdModify,
    /// Of a leaf at PUD level.
    PudModify,
    /// Of `vm_page_prot`.
    PgprotModify,
}

/// A bit, or a field of several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Bit {
    /// What the architecture calls it.
    pub name: String,
    /// Its mask, or the value that holds it at run time.
    pub mask: String,
    /// What it says.
    pub kind: Kind,
    /// Where it comes from.
    pub from: Origin,
}

/// What a bit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The memory type.
    Caching,
    /// That memory is encrypted, or that it is not.
    Encryption,
    /// No struct page behind the entry.
    Special,
    /// Device memory with a struct page.
    Devmap,
    /// Written to since somebody asked.
    SoftDirty,
    /// Write-protected by userfaultfd.
    UffdWp,
    /// Written to.
    Dirty,
    /// Used.
    Accessed,
}

/// Where a bit of the result comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The old entry.
    Old,
    /// The new protection.
    New,
    /// Set if either has it.
    Or,
    /// Always clear.
    Cleared,
    /// Always set.
    Set,
    /// None of these.
    Depends,
}

/// Whether an override survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// There is nothing to lose.
    NoAttributes,
    /// Every override stays what it is.
    Preserves,
    /// Overrides stay, and entries without gain what the new protection has.
    OrMerge,
    /// Not decided.
    Unknown,
    /// Some override becomes something else.
    LosesOverride,
}

/// A bit that should outlive a protection change and does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Regression {
    /// The directory below `arch/`.
    pub arch: String,
    /// Where the helper is defined.
    pub file: String,
    /// The line of its name.
    pub line: u32,
    /// The column of its name, from 1.
    pub column: u32,
    /// The helper.
    pub function: Modifier,
    /// What is lost.
    pub kind: Kind,
    /// The bits that are lost, or the protection that gets a right it does not have.
    pub bits: String,
    /// The function that sets them, or the protection there was before.
    pub accessor: String,
    /// Variants it happens in.
    pub variants: BTreeSet<String>,
    /// Values it depends on.
    pub condition: BTreeSet<String>,
    /// What that does.
    pub effect: Effect,
}

/// What a helper does to an entry that it should not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// A bit is gone.
    Drops,
    /// A protection without access becomes accessible.
    Opens,
    /// A protection without the right to write becomes writable.
    Writable,
}

/// A function that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Missed {
    /// The directory below `arch/`.
    pub arch: String,
    /// The function.
    pub function: String,
    /// Where it is.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// Why.
    pub reason: String,
}

/// A macro that contributes to a helper.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Used {
    /// Its name.
    pub name: String,
    /// Its value, if it is a constant.
    pub value: Option<u128>,
    /// Where it is defined.
    pub file: String,
    /// Its line.
    pub line: u32,
}

/// Computes the matrix of a tree. Only headers are read, and what they declare but do not define.
pub fn matrix(headers: &dyn Headers, rules: &Rules) -> Matrix {
    let sources = Sources::new(headers);
    let arches = sources.arches();
    let jobs: Vec<(&Architecture, &Variant)> = arches
        .iter()
        .flat_map(|arch| {
            let variants = rules.variants(arch).iter();
            let exists = {
                let sources = &sources;
                move |variant: &&Variant| {
                    variant.requires.as_ref().is_none_or(|header| {
                        let path = format!("arch/{}/include/{header}", arch.name);
                        sources.file(&path).is_some()
                    })
                }
            };
            variants.filter(exists).map(move |variant| (arch, variant))
        })
        .collect();
    let parts: Vec<Matrix> = jobs
        .par_iter()
        .map(|&(arch, variant)| analysis::analyse(&sources, rules, arch, variant))
        .collect();
    let mut all = Matrix::default();
    for part in parts {
        all.rows.extend(part.rows);
        all.missed.extend(part.missed);
        for new in part.regressions {
            let defect = new.defect();
            let mut known = all.regressions.iter_mut();
            match known.find(|old| old.defect() == defect) {
                Some(old) => old.variants.extend(new.variants),
                None => all.regressions.push(new),
            }
        }
    }
    for found in &mut all.regressions {
        found.column = column(headers, &found.file, found.line, found.function.name());
    }
    all.regressions.sort();
    (all.n_files, all.n_bytes) = sources.read_so_far();
    all
}

/// Where a name stands in its line; 1 if it does not, as what a macro made.
fn column(headers: &dyn Headers, file: &str, line: u32, name: &str) -> u32 {
    let bytes = headers.read(file).unwrap_or_default();
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let text = line.checked_sub(1).and_then(|n| lines.nth(n as usize));
    let at = text.and_then(|text| memchr::memmem::find(text, name.as_bytes()));
    at.map_or(1, |at| at as u32 + 1)
}

/// A [`Matrix`] as text: its rows, each with what is not said of it elsewhere, and the rest.
type Written<R> = (
    Vec<(R, Vec<Used>, BTreeSet<String>)>,
    Vec<Regression>,
    BTreeSet<Missed>,
    (usize, u64),
);

impl Matrix {
    /// All of it as text.
    pub fn to_text(&self) -> Vec<u8> {
        let rows = self.rows.iter();
        let rows = rows.map(|row| (row, row.used.clone(), row.forgets.clone()));
        let written: Written<&Row> = (
            rows.collect(),
            self.regressions.clone(),
            self.missed.clone(),
            (self.n_files, self.n_bytes),
        );
        // Nothing in it can fail to be written.
        serde_json::to_vec(&written).unwrap_or_default()
    }

    /// What [`Matrix::to_text`] gave; `None` if it did not.
    pub fn of_text(text: &[u8]) -> Option<Matrix> {
        let (rows, regressions, missed, (n_files, n_bytes)): Written<Row> =
            serde_json::from_slice(text).ok()?;
        let rows = rows.into_iter().map(|(row, used, forgets)| Row {
            used,
            forgets,
            ..row
        });
        Some(Matrix {
            rows: rows.collect(),
            regressions,
            missed,
            n_files,
            n_bytes,
        })
    }

    /// The architecture directories where some helper can lose the caching or encryption of an
    /// override.
    pub fn losing_any(&self) -> BTreeSet<&str> {
        let loses = |row: &&Row| {
            let mut kinds = [Kind::Caching, Kind::Encryption].into_iter();
            kinds.any(|kind| row.on(kind) == Verdict::LosesOverride)
        };
        self.rows
            .iter()
            .filter(loses)
            .map(|row| row.arch.as_str())
            .collect()
    }

    /// The architecture directories where a helper can lose an override of a kind, in at least
    /// one variant.
    pub fn loses(&self, function: Modifier, kind: Kind) -> BTreeSet<&str> {
        self.with(function, kind, Verdict::LosesOverride)
    }

    /// The architecture directories where a helper's verdict on a kind is `verdict`, in at least
    /// one variant.
    pub fn with(&self, function: Modifier, kind: Kind, verdict: Verdict) -> BTreeSet<&str> {
        let rows = self.rows.iter().filter(|row| row.function == function);
        rows.filter(|row| row.on(kind) == verdict)
            .map(|row| row.arch.as_str())
            .collect()
    }
}

impl Regression {
    /// What variants have in common that lose the same thing.
    fn defect(&self) -> (&str, &str, u32, Modifier, Kind, &str, Effect) {
        let what = match self.kind {
            Kind::Caching | Kind::Encryption => &self.bits,
            // A state is what its function sets, whatever a variant calls the bit.
            _ => &self.accessor,
        };
        let place = (self.arch.as_str(), self.file.as_str(), self.line);
        let (arch, file, line) = place;
        (
            arch,
            file,
            line,
            self.function,
            self.kind,
            what,
            self.effect,
        )
    }
}

impl Row {
    /// The verdict on caching or encryption.
    pub fn on(&self, kind: Kind) -> Verdict {
        match kind {
            Kind::Encryption => self.encryption,
            _ => self.caching,
        }
    }
}

impl Modifier {
    /// Every helper.
    pub const ALL: [Modifier; 4] = [
        Modifier::PteModify,
        Modifier::PmdModify,
        Modifier::PudModify,
        Modifier::PgprotModify,
    ];

    /// The function's name.
    pub fn name(self) -> &'static str {
        match self {
            Modifier::PteModify => "pte_modify",
            Modifier::PmdModify => "pmd_modify",
            Modifier::PudModify => "pud_modify",
            Modifier::PgprotModify => "pgprot_modify",
        }
    }

    /// What it changes: `pte`, `pmd`, `pud` or `pgprot`.
    pub fn level(self) -> &'static str {
        self.name().split('_').next().unwrap_or_default()
    }

    /// The helper that generic code calls by a name. hugetlb has entries like any other.
    pub fn of_call(name: &str) -> Option<Modifier> {
        Modifier::named(name.strip_prefix("huge_").unwrap_or(name))
    }

    /// The function with a name.
    pub fn named(name: &str) -> Option<Modifier> {
        Modifier::ALL
            .into_iter()
            .find(|function| function.name() == name)
    }
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Caching => "caching",
            Kind::Encryption => "encryption",
            Kind::Special => "special",
            Kind::Devmap => "devmap",
            Kind::SoftDirty => "soft-dirty",
            Kind::UffdWp => "uffd-wp",
            Kind::Dirty => "dirty",
            Kind::Accessed => "accessed",
        }
    }
}

impl Origin {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Origin::Old => "old",
            Origin::New => "new",
            Origin::Or => "or",
            Origin::Cleared => "cleared",
            Origin::Set => "set",
            Origin::Depends => "depends",
        }
    }
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::NoAttributes => "no-attributes",
            Verdict::Preserves => "preserves",
            Verdict::OrMerge => "or-merge",
            Verdict::Unknown => "unknown",
            Verdict::LosesOverride => "loses-override",
        }
    }
}
