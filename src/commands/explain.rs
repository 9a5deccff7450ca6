//! `ptelint explain`: the page of a rule.

use clap::Args;
use clap::builder::PossibleValuesParser;
use ptelint::rules;

use super::{Global, Status, output};

/// Say what a rule finds, why it matters and how to fix it
#[derive(Args)]
pub struct Explain {
    /// The rule, as printed in brackets in front of a finding
    #[arg(value_name = "RULE",
          value_parser = PossibleValuesParser::new(rules::ALL.iter().map(|rule| rule.id)))]
    rule: String,
}

impl Explain {
    pub fn run(self, _global: &Global) -> anyhow::Result<Status> {
        if let Some(rule) = rules::ALL.iter().find(|rule| rule.id == self.rule) {
            output::to_stdout(rule.page.as_bytes())?;
        }
        Ok(Status::Clean)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_rule_has_a_page_and_every_page_a_rule() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let mut pages: Vec<String> = std::fs::read_dir(folder)
            .expect("rules/ is readable")
            .map(|entry| entry.expect("an entry").file_name().into_string())
            .map(|name| name.expect("a UTF-8 name"))
            .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
            .collect();
        pages.sort();
        let ids: Vec<&str> = rules::ALL.iter().map(|rule| rule.id).collect();
        assert_eq!(ids, pages, "sorted, as the list of rules has to be");
    }

    #[test]
    fn pages_have_the_same_headings_and_say_what_the_declaration_says() {
        for rule in rules::ALL {
            let headings: Vec<&str> = rule
                .page
                .lines()
                .filter(|l| l.starts_with("# ") || l.starts_with("## "))
                .collect();
            let title = format!("# {}", rule.id);
            let expected = [
                title.as_str(),
                "## What it finds",
                "## Why it matters",
                "## Example",
                "## Use instead",
                "## Limits and decisions",
                "## Oracle",
            ];
            assert_eq!(headings, expected, "headings of rules/{}.md", rule.id);
            let oracle = format!("## Oracle\n\n`{}`", rule.oracle.word());
            assert!(rule.page.contains(&oracle), "{}: {oracle}", rule.id);
            let is_plain = |c: char| c.is_ascii_lowercase();
            assert!(rule.summary.starts_with(is_plain), "{}", rule.summary);
            assert!(!rule.summary.ends_with('.'), "{}", rule.summary);
        }
    }
}
