//! Which findings somebody wants to see.

use super::{Finding, Severity};

/// What is asked for; the default leaves out notes.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Ids of rules; none for all.
    pub rules: Vec<String>,
    /// The least severity; absent for errors and warnings.
    pub severity: Option<Severity>,
    /// Notes as well.
    pub pedantic: bool,
    /// Files and directories, relative to the tree; none for all.
    pub paths: Vec<String>,
}

impl Selection {
    /// True if a finding is asked for.
    pub fn has(&self, finding: &Finding) -> bool {
        let least = match (self.pedantic, self.severity) {
            (_, Some(least)) => least,
            (true, None) => Severity::Note,
            (false, None) => Severity::Warning,
        };
        let is_below = |path: &String| {
            let path = path.trim_start_matches("./").trim_end_matches('/');
            finding
                .file
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || path.is_empty() || rest.starts_with('/'))
        };
        // The worst severity comes first.
        finding.severity <= least
            && (self.rules.is_empty() || self.rules.iter().any(|rule| rule == finding.rule))
            && (self.paths.is_empty() || self.paths.iter().any(is_below))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn finding(file: &str, severity: Severity) -> Finding {
        Finding {
            file: file.to_owned(),
            line: 1,
            column: 1,
            end_line: 1,
            end_column: 1,
            rule: "prot-constant",
            severity,
            function: "f".to_owned(),
            message: String::new(),
            arches: BTreeSet::new(),
            condition: None,
            trace: Vec::new(),
            witnesses: Vec::new(),
            fingerprint: String::new(),
            label: String::new(),
            labels: Vec::new(),
            why: String::new(),
            help: String::new(),
        }
    }

    #[test]
    fn notes_are_asked_for() {
        let note = finding("a.c", Severity::Note);
        assert!(!Selection::default().has(&note));
        let pedantic = Selection {
            pedantic: true,
            ..Selection::default()
        };
        assert!(pedantic.has(&note));
        let errors = Selection {
            severity: Some(Severity::Error),
            ..pedantic
        };
        assert!(!errors.has(&finding("a.c", Severity::Warning)));
    }

    #[test]
    fn a_path_is_a_whole_directory_or_file() {
        let below = |path: &str| {
            let selection = Selection {
                paths: vec![path.to_owned()],
                ..Selection::default()
            };
            selection.has(&finding("mm/ksm.c", Severity::Error))
        };
        for path in ["mm", "mm/", "./mm", "mm/ksm.c", ""] {
            assert!(below(path), "{path}");
        }
        for path in ["m", "mm/k", "drivers"] {
            assert!(!below(path), "{path}");
        }
    }
}
