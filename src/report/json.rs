//! The machine-readable output, schema `ptelint/1`: one object per command. Keys are only ever
//! added.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::sorted;
use crate::analysis::Coverage;
use crate::pipeline::{ArchAnswer, Filters, GraphAnswer, Report, TreeSummary};

pub(super) const SCHEMA: &str = "ptelint/1";

/// The object that a command which answers with a list prints. `list` is the list's key; the
/// items are sorted here.
pub fn json<T: Ord + Serialize>(
    command: &str,
    report: &Report,
    list: &str,
    items: &[T],
) -> serde_json::Result<String> {
    pretty(&Answer {
        command,
        tree: &report.tree,
        coverage: &report.coverage,
        filters: Some(&report.filters),
        list,
        items: sorted(items),
    })
}

/// The object that `arch` prints, of one architecture or all.
pub fn arch_json(answer: &ArchAnswer, arch: Option<&str>) -> serde_json::Result<String> {
    let rows = answer.matrix.rows.iter();
    pretty(&Answer {
        command: "arch",
        tree: &answer.tree,
        coverage: &answer.coverage,
        filters: None,
        list: "functions",
        items: rows
            .filter(|row| arch.is_none_or(|arch| row.arch == arch))
            .collect(),
    })
}

/// The object that `graph` prints.
pub fn graph_json(answer: &GraphAnswer) -> serde_json::Result<String> {
    #[derive(serde::Serialize)]
    struct Graph<'a> {
        schema: &'static str,
        command: &'static str,
        #[serde(flatten)]
        answer: &'a GraphAnswer,
    }
    pretty(&Graph {
        schema: SCHEMA,
        command: "graph",
        answer,
    })
}

pub(super) fn pretty(value: &impl Serialize) -> serde_json::Result<String> {
    let mut out = serde_json::to_string_pretty(value)?;
    out.push('\n');
    Ok(out)
}

struct Answer<'a, T> {
    command: &'a str,
    tree: &'a TreeSummary,
    coverage: &'a Coverage,
    filters: Option<&'a Filters>,
    list: &'a str,
    items: Vec<&'a T>,
}

impl<T: Serialize> Serialize for Answer<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", SCHEMA)?;
        map.serialize_entry("command", self.command)?;
        map.serialize_entry("tree", self.tree)?;
        map.serialize_entry("coverage", self.coverage)?;
        if let Some(filters) = self.filters {
            if filters.suppressed > 0 {
                map.serialize_entry("suppressed", &filters.suppressed)?;
            }
            if filters.configured > 0 {
                map.serialize_entry("configured", &filters.configured)?;
            }
            if let Some(baseline) = &filters.baseline {
                map.serialize_entry("baseline", baseline)?;
            }
            if let Some(comparison) = &filters.comparison {
                map.serialize_entry("comparison", comparison)?;
            }
        }
        map.serialize_entry(self.list, &self.items)?;
        map.end()
    }
}
