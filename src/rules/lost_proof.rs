//! `lost-proof`: the declaration. What it finds takes two versions of a tree, so the check is where
//! they are compared, in `compare`.

use super::{Oracle, Rule};

/// See `rules/lost-proof.md`.
pub const RULE: Rule = Rule {
    id: "lost-proof",
    oracle: Oracle::Invariant,
    summary: "a change after which override mappings can reach a generic use they could not reach",
    page: include_str!("../../rules/lost-proof.md"),
    check: |_| Vec::new(),
};
