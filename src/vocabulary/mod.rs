//! The vocabulary: what the kernel's page-table interfaces are called and what their arguments
//! mean, from 4.4 to today.
//!
//! It is data (`rules/*.toml`), so that a new kernel interface needs no new code. It says what an
//! interface *means*, never that a function is safe.

mod load;
mod reader;
mod version;
mod weakening;

use serde::{Deserialize, Serialize};

pub use load::{Mistake, Place, VocabularyError, builtin, load_dir, parse};
pub use version::Version;
#[doc(hidden)]
pub use weakening::Weakening;

/// Everything the rule files declare, in the order of file name and place.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// A mistake to make on purpose; see [`Weakening`].
    #[doc(hidden)]
    pub weakening: Option<Weakening>,
    /// Calls that install user page-table entries on a driver's behalf.
    pub insert: Vec<Insert>,
    /// Functions that make an entry from a page or frame and a protection.
    pub construct: Vec<Construct>,
    /// Functions that make an entry from an old entry and a protection.
    pub modify: Vec<Modify>,
    /// Functions that write an entry into a page table.
    pub install: Vec<Install>,
    /// Functions that derive one protection from another.
    pub protection: Vec<Protection>,
    /// Fixed protections.
    pub constant: Vec<Constant>,
    /// Functions and macros whose value is that of an argument.
    pub identity: Vec<Identity>,
    /// Macros that reach a member of an object.
    pub member_access: Vec<MemberAccess>,
    /// Functions that change `vm_flags`.
    pub flags: Vec<FlagsChange>,
    /// Ops-table members through which the kernel enters a driver with a VMA.
    pub entry_point: Vec<EntryPoint>,
    /// Structures that stand for a VMA and the names of their members.
    pub vma: Vec<VmaType>,
    /// Names of attribute bits in the architectures' entries.
    pub attribute_bit: Vec<AttributeBit>,
    /// Functions and macros that end the run when reached or when their condition holds.
    pub assertion: Vec<Assertion>,
    /// Functions and loop macros that find a VMA in an address space.
    pub lookup: Vec<Lookup>,
    /// Functions that tell the states of an entry apart.
    pub entry_test: Vec<EntryTest>,
    /// Functions that compare two entries.
    pub entry_compare: Vec<EntryWord>,
    /// Functions that read an entry through a pointer.
    pub entry_read: Vec<EntryRead>,
    /// State that an entry carries beside its protection.
    pub state_bit: Vec<StateBit>,
    /// Functions that give the page or frame an entry maps.
    pub entry_page: Vec<EntryWord>,
    /// Functions that make a non-present entry which remembers a page.
    pub entry_encode: Vec<EntryWord>,
    /// Functions that tell what a non-present entry remembers.
    pub entry_decode: Vec<EntryWord>,
    /// Functions after which others may change entries.
    pub entry_unlock: Vec<EntryWord>,
    /// What no function's body tells.
    pub axiom: Vec<Axiom>,
    /// Families of flags, by the prefix of their names, beside those of `vm_flags`.
    pub flag_family: Vec<FlagFamily>,
    /// What types are called in Rust.
    pub rust_type: Vec<RustType>,
    /// Functions in Rust that say whether something is to be done wrong on purpose.
    pub rust_injection: Vec<EntryWord>,
}

impl Vocabulary {
    /// Whether the analysis is to make this mistake.
    pub(crate) fn is_weakened(&self, by: Weakening) -> bool {
        self.weakening == Some(by)
    }

    /// The insertion that a call of `name` with `arguments` arguments is in a tree of `version`.
    ///
    /// Where a name has several forms, the number of arguments decides before the version does:
    /// stable trees take over new forms. Of several that remain the newest is meant.
    #[must_use]
    pub fn insertion(
        &self,
        name: &str,
        arguments: usize,
        version: Option<Version>,
    ) -> Option<&Insert> {
        let forms = || self.insert.iter().filter(|insert| insert.name == name);
        let fits = |insert: &&Insert| insert.arguments.is_none_or(|count| count == arguments);
        let exists = |insert: &&Insert| version.is_none_or(|version| insert.exists_in(version));
        forms()
            .filter(fits)
            .filter(exists)
            .max_by_key(|insert| insert.since)
            .or_else(|| forms().filter(fits).max_by_key(|insert| insert.since))
    }

    /// The installer that a call of `name` with `arguments` arguments is.
    #[must_use]
    pub fn installer(&self, name: &str, arguments: usize) -> Option<&Install> {
        self.install.iter().find(|install| {
            install.name == name && install.arguments.is_none_or(|count| count == arguments)
        })
    }

    /// The fixed protection `name` is, by its own entry or that of its longest prefix.
    #[must_use]
    pub fn fixed_protection(&self, name: &str) -> Option<&Constant> {
        self.constant
            .iter()
            .filter(|constant| matches(&constant.name, name))
            .max_by_key(|constant| specificity(&constant.name))
    }

    /// The attribute bit `name` is, by its own entry or that of its longest prefix.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&AttributeBit> {
        self.attribute_bit
            .iter()
            .filter(|bit| matches(&bit.name, name))
            .max_by_key(|bit| specificity(&bit.name))
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

/// A whole name before a prefix, a long prefix before a short one.
fn specificity(pattern: &str) -> (bool, usize) {
    (!pattern.ends_with('*'), pattern.len())
}

impl Insert {
    /// Whether a kernel of this version has it.
    #[must_use]
    pub fn exists_in(&self, version: Version) -> bool {
        self.since.is_none_or(|since| since <= version)
            && self.until.is_none_or(|until| version <= until)
    }
}

/// Level of a page-table entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Last level.
    Pte,
    /// Huge entry of the second level.
    Pmd,
    /// Huge entry of the third level.
    Pud,
    /// hugetlb: the level depends on the page size.
    Huge,
}

/// Kind of protection bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Memory type.
    Caching,
    /// Memory encryption.
    Encryption,
    /// Read, write, execute, user.
    Permission,
    /// Anything else.
    Other,
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Caching => "caching",
            Kind::Encryption => "encryption",
            Kind::Permission => "permission",
            Kind::Other => "other",
        }
    }
}

/// A call that installs user entries.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Insert {
    /// Its name.
    pub name: String,
    /// How many arguments this form takes; absent unless another form of the name takes more or
    /// fewer.
    pub arguments: Option<usize>,
    /// Position, from 0, of the argument that is the VMA, or leads to it.
    pub target: usize,
    /// What that argument is.
    #[serde(default)]
    pub target_is: TargetKind,
    /// Position of the protection; absent if the API reads the VMA's own.
    pub protection: Option<usize>,
    /// Level of what it installs.
    pub level: Level,
    /// Flags the API itself sets in the VMA.
    #[serde(default)]
    pub sets: Vec<String>,
    /// Flags of which the API demands exactly one (`BUG_ON` otherwise).
    #[serde(default)]
    pub demands_one_of: Vec<String>,
    /// True if the API BUGs or refuses on a copy-on-write `VM_PFNMAP` mapping.
    #[serde(default)]
    pub refuses_cow_pfnmap: bool,
    /// What the API changes in the protection by itself.
    #[serde(default)]
    pub adjusts: Vec<Adjust>,
    /// What the installed entry is.
    pub entry: EntryKind,
    /// First mainline version that has it, e.g. "4.20"; absent: older than 4.4.
    pub since: Option<Version>,
    /// Last mainline version that has it; absent: still there.
    pub until: Option<Version>,
}

/// How an argument leads to the VMA.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// A VMA (or what stands for it before it exists).
    #[default]
    Vma,
    /// A `struct vm_fault`, whose `vma` member it is.
    Fault,
}

/// Whether the kernel keeps a reference and reverse mapping for an installed entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// A raw frame number: special, no rmap.
    Raw,
    /// A page with reference and rmap.
    Page,
    /// Raw where the architecture has a special bit, a page otherwise.
    Mixed,
}

/// What an insertion API does to the protection on the way.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adjust {
    /// Which bits.
    pub kind: Kind,
    /// The function that does it. It happens on the architectures that define it, in trees whose
    /// insertion calls it: stable trees take over adjustments that their release did not have.
    pub function: String,
}

/// A function that makes an entry from a page or frame number.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Construct {
    /// Its name.
    pub name: String,
    /// Position of the protection.
    pub protection: usize,
    /// Level of the entry.
    pub level: Level,
}

/// A function that makes an entry from an old one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modify {
    /// Its name.
    pub name: String,
    /// Position of the old entry.
    pub entry: usize,
    /// Position of the protection.
    pub protection: usize,
    /// Level of the entry.
    pub level: Level,
}

/// A function that writes an entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Install {
    /// Its name.
    pub name: String,
    /// How many arguments this form takes; absent unless another form of the name takes more or
    /// fewer.
    pub arguments: Option<usize>,
    /// Position of the `mm_struct`, if it takes one.
    pub mm: Option<usize>,
    /// Position of the VMA, if it takes one.
    pub vma: Option<usize>,
    /// Position of the entry.
    pub entry: usize,
    /// Level of the entry.
    pub level: Level,
}

/// A function from protections to protections.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// Its name.
    pub name: String,
    /// What it does.
    pub effect: ProtectionEffect,
    /// Position of the protection it starts from; of the flags (or the VMA that has them) for
    /// `recompute`, of the entry for `extract`.
    #[serde(default)]
    pub argument: usize,
    /// Which bits it changes; absent unless it derives.
    pub kind: Option<Kind>,
}

/// What a protection function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProtectionEffect {
    /// Changes bits of one kind and keeps the rest.
    Derive,
    /// Makes a new default from `vm_flags`.
    Recompute,
    /// Takes permissions from a second protection and keeps attributes (`pgprot_modify`).
    Merge,
    /// Takes the protection that an entry has (`pte_pgprot`).
    Extract,
}

/// A fixed protection, or a family of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// A name, or a prefix followed by `*`.
    pub name: String,
    /// True for protections of the kernel's own mappings.
    #[serde(default)]
    pub kernel: bool,
    /// True if it allows writing.
    #[serde(default)]
    pub writable: bool,
}

/// A function whose value is that of one of its arguments.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// Position of the argument.
    #[serde(default)]
    pub argument: usize,
}

impl Identity {
    /// One without a name.
    pub const fn of_argument(argument: usize) -> Identity {
        Identity {
            name: String::new(),
            argument,
        }
    }
}

/// A macro that stands for a member of an object, such as `ACCESS_PRIVATE(vma, __vm_flags)`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberAccess {
    /// Its name.
    pub name: String,
    /// Position of the pointer to the object.
    #[serde(default)]
    pub object: usize,
    /// Position of the member's name.
    pub member: usize,
}

/// A function that changes `vm_flags`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagsChange {
    /// Its name.
    pub name: String,
    /// Position of the VMA, or of a pointer to its flags.
    #[serde(default)]
    pub target: usize,
    /// Position of the flags set, if any.
    pub set: Option<usize>,
    /// Position of the flags cleared, if any.
    pub clear: Option<usize>,
    /// Position of the value that replaces all flags, if any.
    pub assign: Option<usize>,
    /// True if the flags are not one mask (`VM_IO | VM_PFNMAP`) but a list of bit numbers
    /// (`VMA_IO_BIT, VMA_PFNMAP_BIT`) that goes on to the last argument.
    #[serde(default)]
    pub bits: bool,
}

/// A member of a table of operations through which the kernel enters a driver.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryPoint {
    /// `struct file_operations`.
    pub table: String,
    /// The member.
    pub member: String,
    /// Position of the parameter that is the VMA or leads to it.
    pub target: usize,
    /// What that parameter is.
    #[serde(default)]
    pub target_is: TargetKind,
    /// When it runs.
    pub phase: Phase,
    /// True if the kernel gets there through another operation (`file_operations.mmap` of a
    /// subsystem). It is entered directly only where that way was not understood.
    #[serde(default)]
    pub secondary: bool,
}

/// When a driver's operation runs in the life of a VMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// While the VMA is made, before anybody else can see it.
    Mmap,
    /// On access, with the mmap lock held for reading.
    Fault,
    /// Later, with the mmap lock held for writing (`open`, `mremap`, `mprotect`).
    Change,
}

/// A structure that stands for a VMA.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VmaType {
    /// `struct vm_area_struct`.
    pub name: String,
    /// The members that hold the protection.
    pub protection: Vec<String>,
    /// The members that hold the flags.
    pub flags: Vec<String>,
    /// The member that holds the operations.
    pub ops: String,
}

/// A bit, or family of bits, of an architecture's entries that is an attribute.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeBit {
    /// A name, or a prefix followed by `*`.
    pub name: String,
    /// Which kind.
    pub kind: Kind,
}

/// A function or macro that checks a condition.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    /// Its name.
    pub name: String,
    /// Position of the condition; absent if it ends the run unconditionally.
    pub condition: Option<usize>,
    /// True if control does not continue when the condition holds, in every configuration.
    pub stops: bool,
}

/// A function or loop macro that finds a VMA in an address space.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// Its name.
    pub name: String,
}

/// A state of a page-table entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryState {
    /// An override, present as it was inserted.
    Raw,
    /// An override in a VMA that allows no access.
    Inaccessible,
    /// An override without access in a VMA that allows access.
    Hinted,
    /// An override's page remembered in a non-present entry.
    Encoded,
    /// Empty.
    None,
    /// A page of the core's.
    Present,
    /// A page of the core's remembered in a non-present entry.
    Absent,
    /// The table of the next level.
    Table,
}

/// A function that tells states of an entry apart.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryTest {
    /// Its name.
    pub name: String,
    /// Position of the entry.
    #[serde(default)]
    pub entry: usize,
    /// The states it holds for.
    pub holds: Vec<EntryState>,
    /// The states it may hold for.
    #[serde(default)]
    pub may: Vec<EntryState>,
}

/// A function whose first argument is an entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryWord {
    /// Its name.
    pub name: String,
}

/// A function that reads an entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryRead {
    /// Its name.
    pub name: String,
    /// Position of the pointer to the entry.
    pub slot: usize,
    /// True if the slot is empty behind it, and the entry's owner has been told.
    #[serde(default)]
    pub takes: bool,
}

/// State that an entry carries beside its protection, and that has to outlive a new entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateBit {
    /// What people call it.
    pub name: String,
    /// Functions that set it; it exists at the levels that have one.
    pub sets: Vec<String>,
    /// Functions that tell whether an entry has it.
    pub tells: Vec<String>,
    /// What is done to a new entry only where the state is set by it or cannot be there.
    pub settled_by: Vec<String>,
    /// Functions that take it from a non-present entry.
    #[serde(default)]
    pub clears_absent: Vec<String>,
    /// What has to be done with that to an entry that waits for its page and could be written.
    #[serde(default)]
    pub cleared_with: Vec<String>,
}

/// Something that is taken to be true because no body tells it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axiom {
    /// What proofs call it.
    pub name: String,
    /// The statement.
    pub says: String,
    /// Where a person can read why: file and function.
    pub source: String,
    /// What follows for a call of one of `functions`.
    pub effect: AxiomEffect,
    /// The names it is about.
    pub functions: Vec<String>,
}

/// What an [`Axiom`] lets the engine conclude.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AxiomEffect {
    /// The function finds no override that is present.
    FindsCounted,
    /// The function's result is no page for an override.
    NormalPage,
    /// The function's result is a new page.
    NewPage,
    /// The operation leaves a page of the handler's in the fault.
    HandlerPage,
    /// The constant is the protection that makes a hint.
    Hint,
    /// The flag marks a kind of mapping that holds no overrides.
    ExcludedKind,
}

/// What a type is called in Rust.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RustType {
    /// `VmaRef`
    pub name: String,
    /// `struct vm_area_struct`
    pub is: String,
    /// How many pointers it stands for.
    #[serde(default)]
    pub pointers: usize,
}

/// A family of flags.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagFamily {
    /// What their names begin with.
    pub prefix: String,
    /// Those with which a fault handler says that it leaves no page for the core to map.
    #[serde(default)]
    pub no_page: Vec<String>,
}
