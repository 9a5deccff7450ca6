//! What rules share: from places in the program to findings.

use crate::analysis::{CallPath, Run};
use crate::callgraph::FnId;
use crate::program::{Body, ExprId, ExprKind, Initializer, Span, Symbol};

use super::{Finding, Input, Label, Rule, Severity, TraceStep};

/// A place in a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The function.
    pub function: FnId,
    /// The place.
    pub span: Span,
}

/// The words of a finding.
pub struct Text {
    /// What is wrong, in one sentence.
    pub message: String,
    /// What is written under the defect.
    pub label: String,
    /// Why it matters.
    pub why: &'static str,
    /// What to do.
    pub help: &'static str,
    /// What tells the defect from others of the rule in the same function.
    pub what: String,
}

impl Input<'_> {
    /// A finding at `site`, still without labels and trace.
    pub(super) fn draft(&self, rule: &Rule, severity: Severity, site: Site, text: Text) -> Finding {
        let function = self.program.function(site.function);
        let path = self.places.path(function.file);
        let (line, column) = self.places.line_column(function.file, site.span.start);
        let (end_line, end_column) = self.places.line_column(function.file, site.span.end);
        Finding {
            file: path.to_owned(),
            line,
            column,
            end_line,
            end_column,
            rule: rule.id,
            severity,
            function: function.name.to_string(),
            message: text.message,
            arches: self.places.arch(function.file).into_iter().collect(),
            condition: self.places.condition(function.file, site.span.start),
            trace: Vec::new(),
            witnesses: Vec::new(),
            fingerprint: format!("{}|{path}|{}|{}", rule.id, function.name, text.what),
            label: text.label,
            labels: Vec::new(),
            why: text.why.to_owned(),
            help: text.help.to_owned(),
        }
    }

    /// A remark beside a place.
    pub(super) fn label(&self, site: Site, text: impl Into<String>) -> Label {
        Label {
            file: self
                .places
                .path(self.program.function(site.function).file)
                .to_owned(),
            start: site.span.start,
            end: site.span.end,
            text: text.into(),
        }
    }

    /// The name of a function where it is defined.
    pub(super) fn name_of(&self, function: FnId) -> Site {
        Site {
            function,
            span: self.program.function(function).name_span,
        }
    }

    /// One step of a trace.
    pub(super) fn step(&self, site: Site, note: impl Into<String>) -> TraceStep {
        let function = self.program.function(site.function);
        TraceStep {
            file: self.places.path(function.file).to_owned(),
            line: self.places.line_column(function.file, site.span.start).0,
            function: function.name.to_string(),
            note: note.into(),
        }
    }

    /// Adds where a protection becomes part of an entry.
    pub(super) fn add_made_entry(&self, finding: &mut Finding, made: Site) {
        finding.labels.push(self.label(made, "an entry gets it"));
        let step = self.step(made, "puts it into an entry");
        finding.trace.push(step);
    }

    /// How control gets from the table of operations along `path` to `last`, where `note` happens.
    pub(super) fn trace(
        &self,
        run: &Run,
        path: &CallPath,
        last: Span,
        note: &str,
    ) -> Vec<TraceStep> {
        let mut steps = self.entry(run);
        for (i, &(function, _)) in path.iter().enumerate() {
            match path.get(i + 1) {
                Some(&(callee, Some(span))) => {
                    let callee = self.program.function(callee).name;
                    steps.push(self.step(Site { function, span }, format!("calls `{callee}`")));
                }
                _ => steps.push(self.step(
                    Site {
                        function,
                        span: last,
                    },
                    note,
                )),
            }
        }
        steps
    }

    /// Where the entry point of a run stands, as the beginning of a trace.
    pub(super) fn entry(&self, run: &Run) -> Vec<TraceStep> {
        self.entry_step(run).into_iter().collect()
    }

    /// Where the entry point of a run stands in a table of operations.
    fn entry_step(&self, run: &Run) -> Option<TraceStep> {
        let phase = run.phase?;
        let name = self.program.function(run.function).name;
        let points = self.dictionary.entry_points.iter();
        for point in points.filter(|point| point.phase == phase) {
            let member = Symbol::new(&point.member);
            let tables = match run.table {
                Some(ref table) => std::slice::from_ref(table),
                None => self.program.tables_of(Symbol::new(&point.table)),
            };
            for &table in tables {
                let its = self.program.table(table);
                if its.struct_name != point.table.as_str() {
                    continue;
                }
                let entry = its.entries.iter().find(|entry| {
                    entry.member == member
                        && entry.value == Initializer::Name(name)
                        && self
                            .program
                            .table_functions(table, member)
                            .contains(&run.function)
                });
                if let Some(entry) = entry {
                    return Some(TraceStep {
                        file: self.places.path(its.file).to_owned(),
                        line: self.places.line_column(its.file, entry.span.start).0,
                        function: its.name.to_string(),
                        note: format!("`.{member}` of `{}`", its.struct_name),
                    });
                }
            }
        }
        None
    }

    /// The innermost function on a path that is an operation of its own, such as the mmap of a
    /// driver that its subsystem calls; else the outermost.
    pub(super) fn operation_on(&self, path: &CallPath) -> FnId {
        let is_operation = |function: FnId| {
            self.dictionary.entry_points.iter().any(|point| {
                let member = Symbol::new(&point.member);
                let tables = self.program.tables_of(Symbol::new(&point.table));
                tables.iter().any(|&table| {
                    self.program
                        .table_functions(table, member)
                        .contains(&function)
                })
            })
        };
        let functions = || path.iter().map(|(function, _)| *function);
        let innermost = functions().rev().find(|&function| is_operation(function));
        innermost.or_else(|| functions().next()).unwrap_or(FnId(0))
    }

    /// One of the bodies of a function.
    pub(super) fn body(&self, function: FnId, body: usize) -> &Body {
        &self.program.function(function).bodies[body]
    }
}

/// The arguments of the call at `span`, if there is one.
pub fn arguments_at(body: &Body, span: Span) -> Option<&[ExprId]> {
    body.exprs.iter().find_map(|expr| match &expr.kind {
        ExprKind::Call { args, .. } if expr.span == span => Some(args.as_slice()),
        _ => None,
    })
}

/// The first mention of a global name in an expression.
pub fn mention(body: &Body, expr: ExprId, name: Symbol) -> Option<Span> {
    let mut found = None;
    body.visit(expr, &mut |id| {
        let expr = body.expr(id);
        if matches!(expr.kind, ExprKind::Global(global) if global == name) {
            found = found.or(Some(expr.span));
        }
    });
    found
}
