//! The inventory of insertions for people.
//!
//! The question is *which mappings can hold overrides*, so these come first and in full; the many
//! calls that insert the VMA's own protection follow with a line each.

use codespan_reporting::term::termcolor::Buffer;

use super::{Canvas, Style, closing, sorted, text};
use crate::analysis::{Cow, Mapping, Protection};
use crate::pipeline::Report;
use crate::vocabulary::Level;

/// Where a mapping stands in the report.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Overrides,
    CallersUnknown,
    Own,
}

impl Group {
    const ALL: [Group; 3] = [Group::Overrides, Group::CallersUnknown, Group::Own];

    fn of(mapping: &Mapping) -> Group {
        if mapping.is_override {
            Group::Overrides
        } else if mapping.protection.contains(&Protection::Param) {
            Group::CallersUnknown
        } else {
            Group::Own
        }
    }

    fn title(self) -> &'static str {
        match self {
            Group::Overrides => "Overrides",
            Group::CallersUnknown => "Callers unknown",
            Group::Own => "The VMA's own protection",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Group::Overrides => "entries can differ from vm_page_prot",
            Group::CallersUnknown => "a protection comes from a caller that was not found",
            Group::Own => "entries are what vm_page_prot says",
        }
    }

    fn style(self) -> Style {
        match self {
            Group::Overrides => Style::Bad,
            Group::CallersUnknown => Style::Doubtful,
            Group::Own => Style::Good,
        }
    }
}

/// Writes the inventory, then the summary.
pub fn mappings(report: &Report, out: &mut Buffer) {
    let mut canvas = Canvas(out);
    let mappings = sorted(&report.mappings);
    for group in Group::ALL {
        let rows: Vec<&Mapping> = mappings
            .iter()
            .copied()
            .filter(|&mapping| Group::of(mapping) == group)
            .collect();
        if rows.is_empty() {
            continue;
        }
        canvas.styled(group.style(), group.title());
        canvas.line(&format!(
            " — {}: {}",
            text::count(rows.len(), "call", "calls"),
            group.meaning()
        ));
        let columns = Columns::of(&rows);
        for of_file in rows.chunk_by(|a, b| a.file == b.file) {
            canvas.put("\n");
            canvas.styled(Style::File, &text::printable(&of_file[0].file));
            canvas.put("\n");
            for mapping in of_file {
                match group {
                    Group::Overrides | Group::CallersUnknown => in_full(&mut canvas, mapping),
                    Group::Own => in_a_line(&mut canvas, mapping, columns),
                }
            }
        }
        canvas.put("\n");
    }
    summary(&mut canvas, report, &mappings);
}

fn in_full(canvas: &mut Canvas, mapping: &Mapping) {
    const INDENT: usize = 8;
    canvas.put(&format!("{:>6}  ", mapping.line));
    canvas.styled(Style::Heading, &mapping.api);
    canvas.line(&format!(" in {}", mapping.function));

    let mut protection = protections(mapping);
    if !mapping.kinds.is_empty() {
        let kinds = text::join(mapping.kinds.iter().map(text::word), ", ");
        protection.push_str(&format!(" — changes {kinds}"));
    }
    canvas.field(INDENT, "protection", &protection);
    for adjustment in &mapping.api_adjusts {
        let arches = text::join(&adjustment.arches, ", ");
        let kind = text::word(&adjustment.kind);
        let mut line = format!("{kind} by {}", adjustment.function);
        if !arches.is_empty() {
            line.push_str(&format!(" on {arches}"));
        }
        canvas.field(INDENT, "API changes", &line);
    }
    if mapping.level != Level::Pte {
        canvas.field(INDENT, "level", &text::word(&mapping.level));
    }
    if !mapping.vm_ops.is_empty() {
        canvas.field(INDENT, "vm_ops", &text::join(&mapping.vm_ops, ", "));
    }
    if !mapping.vm_flags.is_empty() {
        canvas.field(INDENT, "vm_flags", &text::join(&mapping.vm_flags, ", "));
    }
    canvas.field(INDENT, "COW", cow(mapping.cow));
    if !mapping.path.is_empty() {
        canvas.field(INDENT, "path", &path(mapping));
    }
    if !mapping.arches.is_empty() {
        canvas.field(INDENT, "only on", &text::join(&mapping.arches, ", "));
    }
    if let Some(condition) = &mapping.condition {
        canvas.field(INDENT, "only if", condition);
    }
}

/// `a (file:10) → b (20) → api`: the file is named where it changes.
fn path(mapping: &Mapping) -> String {
    let mut out = String::new();
    let mut file = mapping.file.as_str();
    for step in &mapping.path {
        out.push_str(&step.function);
        if step.file == file {
            out.push_str(&format!(" ({})", step.line));
        } else {
            out.push_str(&format!(" ({}:{})", text::printable(&step.file), step.line));
            file = &step.file;
        }
        out.push_str(" → ");
    }
    out + &mapping.api
}

fn cow(cow: Cow) -> &'static str {
    match cow {
        Cow::Refused => "refused on the way",
        Cow::Possible => "possible: nothing on the way refuses a private writable mapping",
        Cow::Unknown => "unknown: the way here is not known",
    }
}

fn protections(mapping: &Mapping) -> String {
    // The override is what the reader came for.
    let (overrides, own): (Vec<_>, Vec<_>) = mapping.protection.iter().partition(|protection| {
        matches!(
            protection,
            Protection::OverrideDerived | Protection::OverrideConstant
        )
    });
    let all: Vec<String> = overrides.into_iter().chain(own).map(text::word).collect();
    all.join(" or ")
}

/// Widths of the columns of the short rows.
#[derive(Clone, Copy)]
struct Columns {
    function: usize,
    api: usize,
    protection: usize,
}

impl Columns {
    /// As wide as the widest, but one long name must not push everything to the right.
    fn of(rows: &[&Mapping]) -> Columns {
        let widest = |width: &dyn Fn(&Mapping) -> usize, most: usize| {
            let widths = rows.iter().map(|mapping| width(mapping));
            widths.max().unwrap_or(0).min(most)
        };
        Columns {
            function: widest(&|m| m.function.len(), 32),
            api: widest(&|m| m.api.len(), 24),
            protection: widest(&|m| protections(m).len(), 24),
        }
    }
}

fn in_a_line(canvas: &mut Canvas, mapping: &Mapping, columns: Columns) {
    let mut rest = String::new();
    let mut also = |text: String| {
        rest.push_str("  ");
        rest.push_str(&text);
    };
    if mapping.level != Level::Pte {
        also(text::word(&mapping.level));
    }
    if !mapping.arches.is_empty() {
        also(format!("on {}", text::join(&mapping.arches, ", ")));
    }
    if let Some(condition) = &mapping.condition {
        also(format!("if {condition}"));
    }
    canvas.line(&format!(
        "{:>6}  {:<f$}  {:<a$}  {:<p$}{rest}",
        mapping.line,
        mapping.function,
        mapping.api,
        protections(mapping),
        f = columns.function,
        a = columns.api,
        p = columns.protection,
    ));
}

fn summary(canvas: &mut Canvas, report: &Report, mappings: &[&Mapping]) {
    let n_in = |group| mappings.iter().filter(|m| Group::of(m) == group).count();
    let mut found = text::count(
        mappings.len(),
        "call installs user entries",
        "calls install user entries",
    );
    if !mappings.is_empty() {
        found.push_str(&format!(
            "; {} can insert an override",
            text::grouped(n_in(Group::Overrides) as u64)
        ));
    }
    if n_in(Group::CallersUnknown) > 0 {
        found.push_str(&format!(
            "; {} unknown callers",
            text::count(n_in(Group::CallersUnknown), "depends on", "depend on")
        ));
    }
    canvas.field(0, "found", &found);
    adjustments(canvas, mappings);
    closing(canvas, &report.tree, &report.coverage, false);
    if n_in(Group::Own) > 0 {
        canvas.field(
            0,
            "more",
            "`--format json` has the path, flags and operations of every row",
        );
    }
}

/// What the APIs do by themselves holds for many short rows: said once for each API.
fn adjustments(canvas: &mut Canvas, mappings: &[&Mapping]) {
    let mut lines: Vec<String> = mappings
        .iter()
        .filter(|mapping| !mapping.is_override)
        .flat_map(|mapping| {
            mapping.api_adjusts.iter().map(|adjustment| {
                let arches = text::join(&adjustment.arches, ", ");
                let on = if arches.is_empty() { "" } else { " on " };
                format!(
                    "{} changes {} by {}{on}{arches}",
                    mapping.api,
                    text::word(&adjustment.kind),
                    adjustment.function,
                )
            })
        })
        .collect();
    lines.sort();
    lines.dedup();
    for (i, line) in lines.iter().enumerate() {
        canvas.field(0, if i == 0 { "the APIs" } else { "" }, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{ApiAdjustment, Coverage, Step};
    use crate::pipeline::TreeSummary;
    use crate::vocabulary::Kind;

    fn mapping(line: u32, protection: Protection) -> Mapping {
        Mapping {
            file: "drivers/a.c".to_owned(),
            line,
            column: 1,
            function: "a_fault".to_owned(),
            api: "vmf_insert_pfn_prot".to_owned(),
            protection: [protection].into(),
            is_override: protection == Protection::OverrideDerived,
            kinds: Default::default(),
            api_adjusts: Vec::new(),
            vm_ops: Default::default(),
            vm_flags: Default::default(),
            level: Level::Pte,
            cow: Cow::Unknown,
            path: Vec::new(),
            arches: Default::default(),
            condition: None,
        }
    }

    fn rendered(mappings: Vec<Mapping>) -> String {
        let report = Report {
            tree: TreeSummary {
                kind: "linux",
                version: Some("6.12.1".to_owned()),
                files_scanned: 60_000,
                files_parsed: 900,
                bytes: 1_340_000_000,
            },
            coverage: Coverage {
                functions: 5_000,
                not_understood: 40,
                indirect_unresolved: 1,
                unproven: 30,
            },
            mappings,
            readers: Vec::new(),
            proofs: crate::pipeline::Proofs::default(),
            findings: Vec::new(),
            problems: Vec::new(),
            stats: Vec::new(),
            cache: None,
            n_recalled: 0,
            sources: Box::new(|_| None),
            covers: Box::new(|_| true),
            comments: Vec::new(),
            filters: crate::pipeline::Filters::default(),
        };
        let mut buffer = Buffer::no_color();
        super::mappings(&report, &mut buffer);
        String::from_utf8(buffer.into_inner()).unwrap()
    }

    #[test]
    fn overrides_come_first_and_in_full() {
        let step = |file: &str, line, function: &str| Step {
            file: file.to_owned(),
            line,
            function: function.to_owned(),
        };
        let own = Mapping {
            level: Level::Pmd,
            condition: Some("CONFIG_HUGE".to_owned()),
            api_adjusts: vec![ApiAdjustment {
                kind: Kind::Caching,
                function: "track_pfn_insert".to_owned(),
                arches: ["x86".to_owned()].into(),
            }],
            ..mapping(3, Protection::VmaProt)
        };
        let with_override = Mapping {
            kinds: [Kind::Caching, Kind::Encryption].into(),
            vm_ops: ["a_ops".to_owned(), "b_ops".to_owned()].into(),
            path: vec![
                step("drivers/b.c", 10, "b_fault"),
                step("drivers/a.c", 20, "a_fault"),
            ],
            ..mapping(20, Protection::OverrideDerived)
        };
        let param = mapping(30, Protection::Param);
        let expected = "\
Overrides — 1 call: entries can differ from vm_page_prot

drivers/a.c
    20  vmf_insert_pfn_prot in a_fault
        protection  override-derived — changes caching, encryption
        vm_ops      a_ops, b_ops
        COW         unknown: the way here is not known
        path        b_fault (drivers/b.c:10) → a_fault (drivers/a.c:20) → vmf_insert_pfn_prot

Callers unknown — 1 call: a protection comes from a caller that was not found

drivers/a.c
    30  vmf_insert_pfn_prot in a_fault
        protection  param
        COW         unknown: the way here is not known

The VMA's own protection — 1 call: entries are what vm_page_prot says

drivers/a.c
     3  a_fault  vmf_insert_pfn_prot  vma-prot  pmd  if CONFIG_HUGE

found       3 calls install user entries; 1 can insert an override; 1 depends on unknown callers
the APIs    vmf_insert_pfn_prot changes caching by track_pfn_insert on x86
checked     Linux 6.12.1: 60,000 files scanned (1,340 MB), 900 parsed
coverage    understood 4,960 of 5,000 functions the answers depend on; 1 indirect call unresolved
more        `--format json` has the path, flags and operations of every row
";
        assert_eq!(rendered(vec![own, param, with_override]), expected);
    }

    #[test]
    fn nothing_found_is_said() {
        let text = rendered(Vec::new());
        assert!(
            text.starts_with("found       0 calls install user entries\n"),
            "{text}"
        );
    }
}
