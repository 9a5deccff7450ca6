//! `ptelint explain`: the page of a rule.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::{Global, Status, output};

/// Each rule's page, sorted by name.
const PAGES: &[(&str, &str)] = &[
    (
        "late-prot-write",
        include_str!("../../rules/late-prot-write.md"),
    ),
    (
        "prot-constant",
        include_str!("../../rules/prot-constant.md"),
    ),
    (
        "stack-vma-copy",
        include_str!("../../rules/stack-vma-copy.md"),
    ),
];

/// Say what a rule finds, why it matters and how to fix it
#[derive(Args)]
pub struct Explain {
    /// The rule, as printed in brackets in front of a finding
    #[arg(value_name = "RULE",
          value_parser = PossibleValuesParser::new(PAGES.iter().map(|(rule, _)| *rule)))]
    rule: String,
}

impl Explain {
    pub fn run(self, _global: &Global) -> anyhow::Result<Status> {
        let page = PAGES.iter().find(|(rule, _)| *rule == self.rule);
        if let Some((_, text)) = page {
            output::to_stdout(text.as_bytes())?;
        }
        Ok(Status::Clean)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_page_is_built_in_and_has_the_same_headings() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let mut on_disk: Vec<String> = std::fs::read_dir(folder)
            .expect("rules/ is readable")
            .map(|entry| entry.expect("an entry").file_name().into_string())
            .map(|name| name.expect("a UTF-8 name"))
            .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
            .collect();
        on_disk.sort();
        let built_in: Vec<&str> = PAGES.iter().map(|(rule, _)| *rule).collect();
        assert_eq!(built_in, on_disk);

        for (rule, page) in PAGES {
            let headings: Vec<&str> = page.lines().filter(|l| l.starts_with('#')).collect();
            let title = format!("# {rule}");
            let expected = [
                title.as_str(),
                "## What it finds",
                "## Why it matters",
                "## Example",
                "## Use instead",
            ];
            assert_eq!(headings, expected, "headings of rules/{rule}.md");
        }
    }
}
