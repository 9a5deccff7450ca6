//! Which variants of an architecture there are: `rules/arch/*.toml`.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::LazyLock;

use serde::Deserialize;

use super::headers::Architecture;
use super::lex::{self, MacroSource, Part};
use super::matrix::Kind;

/// Everything the files say.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Names all architectures share.
    pub common: Common,
    arches: BTreeMap<String, Arch>,
    default: Arch,
}

/// Why a file was not understood.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct RulesError {
    /// The file.
    pub file: String,
    /// What is wrong.
    pub reason: String,
}

/// `common.toml`: interfaces of the kernel that every architecture has.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// Where reading begins.
    pub roots: Vec<String>,
    /// Headers outside of the architectures that are read.
    pub headers: Vec<String>,
    /// Protections a VMA starts with.
    pub base: Vec<String>,
    /// The one of them that allows nothing.
    pub no_access: Vec<String>,
    /// Functions that make overrides of protections.
    pub helper: Vec<Helper>,
    /// Bits of state with what sets and reads them.
    pub state: Vec<State>,
}

/// A function from a protection to one with another attribute.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Helper {
    /// Its name.
    pub name: String,
    /// What it changes.
    pub kind: FieldKind,
}

/// A bit of state.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// What it says.
    pub kind: StateKind,
    /// The function that sets it, without the level in front.
    pub set: String,
    /// The function that reads it, without the level in front.
    pub test: String,
}

/// Kinds of attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum FieldKind {
    Caching,
    Encryption,
}

/// Kinds of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum StateKind {
    Special,
    Devmap,
    SoftDirty,
    UffdWp,
    Dirty,
    Accessed,
}

/// One architecture's file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arch {
    /// Attribute fields by the names of their masks.
    #[serde(default)]
    pub field: Vec<Field>,
    /// Headers of the architecture that only its `.c` files include.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Protections a VMA starts with, where they are made at boot.
    #[serde(default)]
    pub base: Vec<String>,
    /// What holds at run time, as conditions in C.
    #[serde(default)]
    pub assume: Vec<String>,
    /// Why the architecture is as it is.
    #[serde(default)]
    pub remark: Vec<Remark>,
    /// The variants.
    pub variant: Vec<Variant>,
}

/// Why an architecture does not keep an attribute, for people who think of changing that.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// The attribute.
    pub kind: FieldKind,
    /// One or more sentences.
    pub text: String,
    /// Where that is written: file and function.
    pub source: String,
}

/// A declared attribute field.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The macro that is its mask.
    pub name: String,
    /// What it says.
    pub kind: FieldKind,
    /// Variants that have it; empty for all.
    #[serde(default)]
    pub variants: Vec<String>,
    /// Levels it is at: `pte`, `pmd`, `pud`, `pgprot`; empty for all.
    #[serde(default)]
    pub levels: Vec<String>,
    /// The member of an entry that the hardware reads, where an entry has more than one word: what
    /// the others hold of the field does not count.
    pub member: Option<String>,
}

impl Field {
    /// True if it is in what a helper of a level changes.
    pub fn is_at(&self, level: &str) -> bool {
        self.levels.is_empty() || self.levels.iter().any(|own| own == level)
    }
}

/// One way to build an architecture.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// Width of `long`.
    pub bits: u8,
    /// A header of the architecture without which there is no such variant.
    pub requires: Option<String>,
    /// Configuration: `CONFIG_A`, `CONFIG_B=3`, `!CONFIG_C`. Symbols that are not listed stay open.
    #[serde(default)]
    pub config: Vec<String>,
    /// Macros, as behind `#define`; the tree does not change them.
    #[serde(default)]
    pub define: Vec<String>,
    /// Further directories with headers.
    #[serde(default)]
    pub include: Vec<String>,
    /// What assembler leaves in a variable: `function: variable = expression of operands %0, %1`.
    #[serde(default)]
    pub assembler: Vec<String>,
}

/// The file on architectures that are written in Rust.
const RUST: &str = "rust";

/// The files built into the binary.
const BUILTIN: &[(&str, &str)] = &[
    ("alpha", include_str!("../../rules/arch/alpha.toml")),
    ("arc", include_str!("../../rules/arch/arc.toml")),
    ("arm", include_str!("../../rules/arch/arm.toml")),
    ("arm64", include_str!("../../rules/arch/arm64.toml")),
    ("common", include_str!("../../rules/arch/common.toml")),
    ("csky", include_str!("../../rules/arch/csky.toml")),
    ("hexagon", include_str!("../../rules/arch/hexagon.toml")),
    ("ia64", include_str!("../../rules/arch/ia64.toml")),
    ("loongarch", include_str!("../../rules/arch/loongarch.toml")),
    ("m68k", include_str!("../../rules/arch/m68k.toml")),
    (
        "microblaze",
        include_str!("../../rules/arch/microblaze.toml"),
    ),
    ("mips", include_str!("../../rules/arch/mips.toml")),
    ("nios2", include_str!("../../rules/arch/nios2.toml")),
    ("openrisc", include_str!("../../rules/arch/openrisc.toml")),
    ("parisc", include_str!("../../rules/arch/parisc.toml")),
    ("powerpc", include_str!("../../rules/arch/powerpc.toml")),
    ("riscv", include_str!("../../rules/arch/riscv.toml")),
    (RUST, include_str!("../../rules/arch/rust.toml")),
    ("s390", include_str!("../../rules/arch/s390.toml")),
    ("sh", include_str!("../../rules/arch/sh.toml")),
    ("sparc", include_str!("../../rules/arch/sparc.toml")),
    ("um", include_str!("../../rules/arch/um.toml")),
    ("x86", include_str!("../../rules/arch/x86.toml")),
    ("xtensa", include_str!("../../rules/arch/xtensa.toml")),
];

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    // A test reads the built-in files, so there is no mistake to report here.
    Rules::read(BUILTIN).unwrap_or_else(|_| Rules::empty())
});

impl Rules {
    /// The built-in rules.
    pub fn builtin() -> &'static Rules {
        &RULES
    }

    /// Reads files, given by name without extension and content.
    pub fn read(files: &[(&str, &str)]) -> Result<Rules, RulesError> {
        let mut rules = Rules::empty();
        for &(name, text) in files {
            rules.add(name, text)?;
        }
        Ok(rules)
    }

    /// The built-in rules, and in their place what files of the same names in `dir` say. A folder
    /// that does not exist says nothing.
    pub fn load_dir(dir: &Path) -> Result<Rules, RulesError> {
        let wrong = |path: &Path, error: std::io::Error| RulesError {
            file: path.display().to_string(),
            reason: error.to_string(),
        };
        let mut rules = Rules::builtin().clone();
        let entries = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(rules),
            Err(error) => return Err(wrong(dir, error)),
        };
        for entry in entries {
            let path = entry.map_err(|error| wrong(dir, error))?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let is_rules = path.extension().is_some_and(|end| end == "toml");
            if let (Some(stem), true) = (stem, is_rules) {
                let text = std::fs::read_to_string(&path).map_err(|error| wrong(&path, error))?;
                rules.add(stem, &text).map_err(|mistake| RulesError {
                    file: path.display().to_string(),
                    ..mistake
                })?;
            }
        }
        Ok(rules)
    }

    fn add(&mut self, name: &str, text: &str) -> Result<(), RulesError> {
        let wrong = |error: toml::de::Error| RulesError {
            file: format!("{name}.toml"),
            reason: error.to_string(),
        };
        if name == "common" {
            self.common = toml::from_str(text).map_err(wrong)?;
        } else {
            let arch: Arch = toml::from_str(text).map_err(wrong)?;
            self.arches.insert(name.to_owned(), arch);
        }
        Ok(())
    }

    fn empty() -> Rules {
        let default = Variant {
            name: "default".to_owned(),
            bits: 64,
            ..Variant::default()
        };
        Rules {
            common: Common::default(),
            arches: BTreeMap::new(),
            default: Arch {
                field: Vec::new(),
                headers: Vec::new(),
                base: Vec::new(),
                assume: Vec::new(),
                remark: Vec::new(),
                variant: vec![default],
            },
        }
    }

    fn arch(&self, arch: &str) -> &Arch {
        self.arches.get(arch).unwrap_or(&self.default)
    }

    /// How an architecture's source is read; what is written in Rust is so in one way.
    fn settings(&self, arch: &Architecture) -> &Arch {
        self.arch(arch.rust.as_ref().map_or(&arch.name, |_| RUST))
    }

    /// The variants of an architecture; one without a file has one, of which nothing is known.
    pub fn variants(&self, arch: &Architecture) -> &[Variant] {
        &self.settings(arch).variant
    }

    /// Where reading begins on an architecture.
    pub fn roots(&self, arch: &Architecture) -> impl Iterator<Item = &String> {
        let own = &self.settings(arch).headers;
        self.common.roots.iter().chain(own)
    }

    /// Protections an architecture makes at boot.
    pub fn bases(&self, arch: &Architecture) -> &[String] {
        &self.settings(arch).base
    }

    /// Why an architecture does not keep an attribute, and where that is written.
    pub fn remark(&self, arch: &str, kind: Kind) -> Option<&Remark> {
        let mut remarks = self.arch(arch).remark.iter();
        remarks.find(|remark| Kind::from(remark.kind) == kind)
    }

    /// What holds at run time on an architecture.
    pub fn assumptions(&self, arch: &Architecture) -> &[String] {
        &self.settings(arch).assume
    }

    /// The declared fields of a variant.
    pub fn fields(&self, arch: &str, variant: &str) -> impl Iterator<Item = &Field> {
        let fields = self.arch(arch).field.iter();
        let variant = variant.to_owned();
        fields.filter(move |field| field.variants.is_empty() || field.variants.contains(&variant))
    }
}

impl Variant {
    /// The macros of `define` and of numbers in `config`.
    pub fn macros(&self) -> Vec<MacroSource> {
        let numbers = self.config.iter().filter_map(|symbol| {
            let (name, value) = symbol.split_once('=')?;
            Some(format!("{name} {value}"))
        });
        let set = self
            .config
            .iter()
            .filter(|symbol| !symbol.contains(['!', '=']));
        let set = set.map(|name| format!("{name} 1"));
        let lines = numbers.chain(set).chain(self.define.iter().cloned());
        lines
            .flat_map(|line| lex::read(format!("#define {line}\n").as_bytes()).parts)
            .filter_map(|part| match part {
                Part::Define(source) => Some(source),
                _ => None,
            })
            .collect()
    }

    /// Configuration symbols and whether they are set.
    pub fn settled(&self) -> impl Iterator<Item = (&str, bool)> {
        self.config
            .iter()
            .map(|symbol| match symbol.strip_prefix('!') {
                Some(name) => (name, false),
                None => (symbol.split('=').next().unwrap_or(symbol), true),
            })
    }
}

impl From<FieldKind> for Kind {
    fn from(kind: FieldKind) -> Kind {
        match kind {
            FieldKind::Caching => Kind::Caching,
            FieldKind::Encryption => Kind::Encryption,
        }
    }
}

impl From<StateKind> for Kind {
    fn from(kind: StateKind) -> Kind {
        match kind {
            StateKind::Special => Kind::Special,
            StateKind::Devmap => Kind::Devmap,
            StateKind::SoftDirty => Kind::SoftDirty,
            StateKind::UffdWp => Kind::UffdWp,
            StateKind::Dirty => Kind::Dirty,
            StateKind::Accessed => Kind::Accessed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_files_have_no_mistake() {
        let rules = Rules::read(BUILTIN).expect("built-in files");
        assert!(!rules.common.helper.is_empty());
        assert!(rules.variants(&Architecture::in_c("x86")).len() > 1);
        assert_eq!(rules.variants(&Architecture::in_c("of tomorrow")).len(), 1);
    }
}
