//! Lost proofs: generic uses that override mappings could not reach before a change.

use std::collections::{BTreeMap, BTreeSet};

use super::Change;
use super::lines::{Hunk, LineMap};
use crate::analysis::{Evidence, Reader, Role, Verdict};
use crate::pipeline::Report;
use crate::rules::{Finding, LOST_PROOF, Label, Severity, TraceStep};
use crate::tree::{Words, index_file};

/// Uses that lost their proof at one place of a change.
pub struct Lost {
    /// What is reported.
    pub finding: Finding,
    /// The uses in the new version, by file, line and column.
    pub uses: Vec<(String, u32, u32)>,
}

/// A condition is taken to end within this many lines.
const MOST_CONDITION_LINES: u32 = 20;
/// Uses whose source is shown; the others are named.
const MOST_SHOWN: usize = 4;
/// What evidence says of the places on the way of an override mapping.
const WAY: &str = "an override mapping gets here";
/// What evidence speaks of, unless it only says where a protection comes from.
const SUBJECT: &str = "override";

/// What a change did to the proof of a use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// A condition of the proof was removed or changed.
    Guard(String, Hunk),
    /// Lines were added on the way of an override mapping.
    Way(String, Hunk),
    /// Something was changed in a function that holds a condition of the proof.
    Near(String, Hunk),
    /// Several places, of which this is the first.
    Several(String, Hunk),
    /// It is not told what.
    Unknown(String, u32),
}

/// Finds the uses whose verdict got worse, and the lines that made it so.
pub fn lost_proofs(change: &Change, new: &Report, maps: &BTreeMap<&str, LineMap>) -> Vec<Lost> {
    let functions = changed_functions(change.old, maps);
    let mut by_cause: BTreeMap<Cause, Vec<(&Reader, &Reader)>> = BTreeMap::new();
    for (was, is) in pairs(&change.old.readers, &new.readers, maps) {
        if is_worse(was, is) {
            let cause = cause(was, is, change.old, maps, &functions);
            by_cause.entry(cause).or_default().push((was, is));
        }
    }
    let mut by_cause = with_consequences(by_cause);
    for uses in by_cause.values_mut() {
        uses.sort_by_key(|(_, is)| (std::cmp::Reverse(rank(is.verdict)), *is));
    }
    by_cause
        .into_iter()
        .map(|(cause, uses)| Lost {
            finding: Telling {
                old: change.old,
                new,
                cause: &cause,
                uses: &uses,
            }
            .finding(),
            uses: uses
                .into_iter()
                .map(|(_, is)| (is.file.clone(), is.line, is.column))
                .collect(),
        })
        .collect()
}

/// Uses of which it is not told what took their proof: once an override mapping gets to one place,
/// states of entries that were impossible become possible at others. They belong to the one place
/// that is known; of several it is not told which, so they are together at the first of them.
fn with_consequences<T>(mut by_cause: BTreeMap<Cause, Vec<T>>) -> BTreeMap<Cause, Vec<T>> {
    let is_unknown = |cause: &Cause| matches!(cause, Cause::Unknown(..));
    let known: Vec<Cause> = by_cause
        .keys()
        .filter(|c| !is_unknown(c))
        .cloned()
        .collect();
    let [first, others @ ..] = known.as_slice() else {
        return by_cause;
    };
    let mut consequences: Vec<T> = Vec::new();
    let unknown: Vec<Cause> = by_cause.keys().filter(|c| is_unknown(c)).cloned().collect();
    for cause in unknown {
        consequences.extend(by_cause.remove(&cause).unwrap_or_default());
    }
    if consequences.is_empty() {
        return by_cause;
    }
    let cause = match (first, others) {
        (Cause::Guard(file, hunk) | Cause::Way(file, hunk) | Cause::Near(file, hunk), [_, ..]) => {
            Cause::Several(file.clone(), *hunk)
        }
        (only, _) => only.clone(),
    };
    by_cause.entry(cause).or_default().extend(consequences);
    by_cause
}

fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::NoEntry | Verdict::Safe | Verdict::Insertion => 0,
        Verdict::ArchDependent => 1,
        Verdict::Unproven => 2,
        Verdict::Violation => 3,
    }
}

fn is_worse(was: &Reader, is: &Reader) -> bool {
    matches!(is.role, Role::Construct | Role::Modify)
        && (rank(is.verdict) > rank(was.verdict)
            || (is.verdict == Verdict::ArchDependent
                && was.verdict == Verdict::ArchDependent
                && !is.arches.is_subset(&was.arches)))
}

/// The uses that are in both versions: by line where the change left it alone, else by their order
/// in the function.
fn pairs<'o, 'n>(
    old: &'o [Reader],
    new: &'n [Reader],
    maps: &BTreeMap<&str, LineMap>,
) -> Vec<(&'o Reader, &'n Reader)> {
    let line_now = |reader: &Reader| match maps.get(reader.file.as_str()) {
        Some(map) => map.to_new(reader.line),
        None => Some(reader.line),
    };
    let mut by_place: BTreeMap<_, &Reader> = BTreeMap::new();
    for reader in old {
        if let Some(line) = line_now(reader) {
            by_place.insert((&reader.file, line, reader.column, reader.role), reader);
        }
    }
    let mut found = Vec::new();
    let mut left = Vec::new();
    for is in new {
        match by_place.remove(&(&is.file, is.line, is.column, is.role)) {
            Some(was) => found.push((was, is)),
            None => left.push(is),
        }
    }
    let is_used: BTreeSet<*const Reader> = found
        .iter()
        .map(|&(was, _)| std::ptr::from_ref(was))
        .collect();
    // A file may have been renamed, so its name does not count.
    let kind = |reader: &Reader| (reader.function.clone(), reader.role, reader.level);
    let mut by_kind: BTreeMap<_, std::collections::VecDeque<&Reader>> = BTreeMap::new();
    for was in old {
        if !is_used.contains(&std::ptr::from_ref(was)) {
            by_kind.entry(kind(was)).or_default().push_back(was);
        }
    }
    for is in left {
        if let Some(was) = by_kind
            .get_mut(&kind(is))
            .and_then(|known| known.pop_front())
        {
            found.push((was, is));
        }
    }
    found
}

/// The functions that a change touches, by name, with the first place in each.
fn changed_functions(
    old: &Report,
    maps: &BTreeMap<&str, LineMap>,
) -> BTreeMap<String, (String, Hunk)> {
    let mut found = BTreeMap::new();
    for (&file, map) in maps {
        for &hunk in map.hunks() {
            // What is only added stands behind the line in front of it.
            let line = match hunk.old.0 == hunk.old.1 {
                true => hunk.old.0.saturating_sub(1).max(1),
                false => hunk.old.0,
            };
            let last = hunk.old.1.saturating_sub(1).max(line);
            for line in [line, last] {
                if let Some((_, _, name)) = function_around(old, file, line) {
                    found.entry(name).or_insert_with(|| (file.to_owned(), hunk));
                }
            }
        }
    }
    found
}

/// The names in the condition that begins on the line of a guard.
fn names_in_condition(report: &Report, guard: &Evidence) -> BTreeSet<String> {
    let source = (report.sources)(&guard.file).unwrap_or_default();
    let n_lines = condition_end(report, guard) - guard.line;
    let lines = source
        .split(|&byte| byte == b'\n')
        .skip(guard.line as usize - 1);
    lines
        .take(n_lines as usize)
        .flat_map(|line| line.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_'))
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

fn cause(
    was: &Reader,
    is: &Reader,
    old: &Report,
    maps: &BTreeMap<&str, LineMap>,
    functions: &BTreeMap<String, (String, Hunk)>,
) -> Cause {
    let is_guard = |one: &&Evidence| one.text.contains(SUBJECT) && !one.text.starts_with(WAY);
    let guards = || was.evidence.iter().filter(is_guard);
    for guard in guards() {
        let Some(map) = maps.get(guard.file.as_str()) else {
            continue;
        };
        let end = condition_end(old, guard);
        let hit = map
            .hunks()
            .iter()
            .find(|hunk| hunk.old.0 < end && guard.line < hunk.old.1.max(hunk.old.0));
        if let Some(&hunk) = hit {
            return Cause::Guard(guard.file.clone(), hunk);
        }
    }
    // The condition is as it was, and a function it asks is not.
    for guard in guards() {
        let names = names_in_condition(old, guard);
        if let Some((file, hunk)) = names.iter().find_map(|name| functions.get(name)) {
            return Cause::Guard(file.clone(), *hunk);
        }
    }
    for step in is.evidence.iter().filter(|one| one.text.starts_with(WAY)) {
        let hunks = maps.get(step.file.as_str()).map_or(&[][..], LineMap::hunks);
        let hit = hunks
            .iter()
            .find(|hunk| (hunk.new.0..hunk.new.1).contains(&step.line));
        if let Some(&hunk) = hit {
            return Cause::Way(step.file.clone(), hunk);
        }
    }
    for guard in guards() {
        let Some(map) = maps.get(guard.file.as_str()) else {
            continue;
        };
        let Some(lines) = function_lines(old, &guard.file, guard.line) else {
            continue;
        };
        let hit = map
            .hunks()
            .iter()
            .find(|hunk| hunk.old.0 <= lines.1 && lines.0 <= hunk.old.1);
        if let Some(&hunk) = hit {
            return Cause::Near(guard.file.clone(), hunk);
        }
    }
    // The only change there is, if there is only one.
    let mut all = maps
        .iter()
        .flat_map(|(file, map)| map.hunks().iter().map(move |hunk| (*file, *hunk)));
    match (all.next(), all.next()) {
        (Some((file, hunk)), None) => Cause::Near(file.to_owned(), hunk),
        _ => Cause::Unknown(is.file.clone(), is.line),
    }
}

/// The line behind the condition that begins on a line: where its parentheses are closed.
fn condition_end(report: &Report, guard: &Evidence) -> u32 {
    let Some(source) = (report.sources)(&guard.file) else {
        return guard.line + 1;
    };
    let mut depth = 0i32;
    let lines = source.split(|&byte| byte == b'\n');
    let lines = lines
        .skip(guard.line as usize - 1)
        .take(MOST_CONDITION_LINES as usize);
    for (line, n) in lines.zip(guard.line..) {
        for byte in line {
            depth += i32::from(*byte == b'(') - i32::from(*byte == b')');
        }
        if depth <= 0 {
            return n + 1;
        }
    }
    guard.line + 1
}

/// First and last line of the function around a line, and its name.
fn function_around(report: &Report, path: &str, line: u32) -> Option<(u32, u32, String)> {
    let source = (report.sources)(path)?;
    let index = index_file(&source, &Words::new(&[]));
    let starts: Vec<usize> = line_starts(&source);
    // The end of the line: a function begins where its first word does.
    let offset = starts
        .get(line as usize)
        .map_or(source.len(), |&next| next - 1);
    let function = index.function_at(offset.saturating_sub(1) as u32)?;
    let line_of = |offset: u32| starts.partition_point(|&start| start <= offset as usize) as u32;
    let entry = &index.functions[function];
    Some((
        line_of(entry.start),
        line_of(entry.end.saturating_sub(1)),
        index.function_name(function).to_owned(),
    ))
}

fn function_lines(report: &Report, path: &str, line: u32) -> Option<(u32, u32)> {
    function_around(report, path, line).map(|(first, last, _)| (first, last))
}

fn line_starts(source: &[u8]) -> Vec<usize> {
    std::iter::once(0)
        .chain(memchr::memchr_iter(b'\n', source).map(|at| at + 1))
        .collect()
}

/// Puts a lost proof into words.
struct Telling<'a> {
    old: &'a Report,
    new: &'a Report,
    cause: &'a Cause,
    uses: &'a [(&'a Reader, &'a Reader)],
}

impl Telling<'_> {
    fn finding(&self) -> Finding {
        let (file, line) = self.place();
        let function = self.function();
        let is_certain = self
            .uses
            .iter()
            .any(|(_, is)| matches!(is.verdict, Verdict::Violation | Verdict::ArchDependent));
        let names: BTreeSet<&str> = self
            .uses
            .iter()
            .map(|(_, is)| is.function.as_str())
            .collect();
        let (column, end_column) = self.columns(&file, line);
        Finding {
            fingerprint: format!(
                "{}|{file}|{function}|{}",
                LOST_PROOF.id,
                names.iter().copied().collect::<Vec<_>>().join(",")
            ),
            message: self.message(&function),
            line,
            column,
            end_line: line,
            end_column,
            rule: LOST_PROOF.id,
            severity: match is_certain {
                true => Severity::Error,
                false => Severity::Warning,
            },
            function,
            arches: self.arches(),
            condition: None,
            trace: self.trace(),
            witnesses: Vec::new(),
            label: self.label().to_owned(),
            labels: self.labels(),
            why: self.why(),
            help: self.help(),
            file,
        }
    }

    /// Where it is reported, in the new version; what has gone is reported where it was.
    fn place(&self) -> (String, u32) {
        match self.cause {
            Cause::Guard(file, hunk)
            | Cause::Way(file, hunk)
            | Cause::Near(file, hunk)
            | Cause::Several(file, hunk) => (file.clone(), self.text_from(file, hunk)),
            Cause::Unknown(file, line) => (file.clone(), *line),
        }
    }

    /// The first line with text where a hunk is, or below it; the last of the file at its end.
    fn text_from(&self, file: &str, hunk: &Hunk) -> u32 {
        let source = (self.new.sources)(file).unwrap_or_default();
        let lines: Vec<&[u8]> = source.split(|&byte| byte == b'\n').collect();
        let has_text = |line: &u32| {
            let text = lines.get(*line as usize - 1);
            text.is_some_and(|text| !text.trim_ascii().is_empty())
        };
        let below = (hunk.new.0..=lines.len() as u32).find(has_text);
        let above = || (1..hunk.new.0).rev().find(has_text);
        below.or_else(above).unwrap_or(1)
    }

    fn function(&self) -> String {
        let found = match self.cause {
            Cause::Guard(file, hunk) | Cause::Near(file, hunk) | Cause::Several(file, hunk)
                if hunk.old.0 < hunk.old.1 =>
            {
                function_around(self.old, file, hunk.old.0)
            }
            _ => {
                let (file, line) = self.place();
                function_around(self.new, &file, line)
            }
        };
        found.map_or(String::new(), |(_, _, name)| name)
    }

    /// The columns of the text of a line; of the last if the file is shorter now.
    fn columns(&self, file: &str, line: u32) -> (u32, u32) {
        let source = (self.new.sources)(file).unwrap_or_default();
        let text = source
            .split(|&byte| byte == b'\n')
            .nth(line as usize - 1)
            .unwrap_or_default();
        let indent = text.len() - text.trim_ascii_start().len();
        let end = text.trim_ascii_end().len().max(indent);
        (indent as u32 + 1, end as u32 + 1)
    }

    fn message(&self, function: &str) -> String {
        let what = match self.cause {
            Cause::Guard(_, hunk) if hunk.new.0 == hunk.new.1 => {
                format!("without the check removed from `{function}`, override mappings reach")
            }
            Cause::Guard(..) => {
                format!("the changed check in `{function}` lets override mappings through to")
            }
            Cause::Way(..) => {
                format!("the lines added to `{function}` lead override mappings to")
            }
            Cause::Near(_, hunk) if hunk.new.0 == hunk.new.1 && !function.is_empty() => {
                format!("without what was removed from `{function}`, override mappings reach")
            }
            Cause::Near(..) if !function.is_empty() => {
                format!("the change of `{function}` lets override mappings through to")
            }
            Cause::Several(..) => {
                "in consequence of all lost checks, override mappings also reach".to_owned()
            }
            _ => "this change lets override mappings through to".to_owned(),
        };
        let names: BTreeSet<String> = self
            .uses
            .iter()
            .map(|(_, is)| format!("`{}`", is.function))
            .collect();
        let mut names: Vec<String> = names.into_iter().collect();
        if names.len() > MOST_SHOWN {
            let n_more = names.len() - MOST_SHOWN;
            names.truncate(MOST_SHOWN);
            names.push(format!("{n_more} more functions"));
        }
        let names = match names.as_slice() {
            [head @ .., last] if !head.is_empty() => format!("{} and {last}", head.join(", ")),
            names => names.join(""),
        };
        match self.uses {
            [(_, is)] => format!("{what} the {} in {names}", noun(is)),
            uses => format!("{what} {} uses of `vm_page_prot`, in {names}", uses.len()),
        }
    }

    fn label(&self) -> &'static str {
        match self.cause {
            Cause::Guard(_, hunk) | Cause::Near(_, hunk) if hunk.new.0 == hunk.new.1 => {
                "above this line stood what was removed"
            }
            Cause::Guard(..) => "this does not turn all of them away any more",
            Cause::Way(..) => "override mappings get through here",
            Cause::Near(..) => "this was changed",
            Cause::Several(..) => "the first of several changes that together have this effect",
            Cause::Unknown(..) => "override mappings get here since the change",
        }
    }

    /// The lines that were removed, out of the old version, and the uses.
    fn labels(&self) -> Vec<Label> {
        let mut labels = Vec::new();
        if let Cause::Guard(file, hunk) | Cause::Near(file, hunk) = self.cause
            && hunk.old.0 < hunk.old.1
        {
            let text = match self.cause {
                Cause::Guard(..) => "this turned override mappings away, before the change",
                _ => "before the change",
            };
            // Where the renderer finds the old version: see `pipeline::change`.
            let path = format!("a/{file}");
            labels.extend(self.lines_label(self.old, file, path, hunk.old, text));
        }
        for (was, is) in self.uses.iter().take(MOST_SHOWN) {
            let at = (is.line, is.line + 1);
            let text = self.verdict_text(was, is);
            labels.extend(self.lines_label(self.new, &is.file, is.file.clone(), at, &text));
        }
        labels
    }

    fn lines_label(
        &self,
        report: &Report,
        file: &str,
        path: String,
        (first, behind): (u32, u32),
        text: &str,
    ) -> Option<Label> {
        let source = (report.sources)(file)?;
        let starts = line_starts(&source);
        let start = *starts.get(first as usize - 1)?;
        let end = starts
            .get(behind as usize - 1)
            .copied()
            .unwrap_or(source.len());
        let lines = &source[start..end];
        let indent = lines.len() - lines.trim_ascii_start().len();
        Some(Label {
            file: path,
            start: (start + indent) as u32,
            end: (start + lines.trim_ascii_end().len().max(indent)) as u32,
            text: text.to_owned(),
        })
    }

    /// How an override mapping gets to the first use.
    fn trace(&self) -> Vec<TraceStep> {
        let Some((was, is)) = self.uses.first() else {
            return Vec::new();
        };
        let steps = is.evidence.iter().filter(|one| one.text.starts_with(WAY));
        let steps = steps.map(|step| TraceStep {
            file: step.file.clone(),
            line: step.line,
            function: function_around(self.new, &step.file, step.line)
                .map_or(String::new(), |(_, _, name)| name),
            note: String::new(),
        });
        let last = TraceStep {
            file: is.file.clone(),
            line: is.line,
            function: is.function.clone(),
            note: self.verdict_text(was, is),
        };
        let steps: Vec<TraceStep> = steps
            .filter(|step| (&step.file, step.line) != (&last.file, last.line))
            .collect();
        let mut steps = self.in_order(steps, last);
        // The engine knows one way, and it may begin on an architecture where nothing is lost.
        let arches = self.arches();
        let is_elsewhere = |step: &TraceStep| {
            let arch = step.file.strip_prefix("arch/");
            let arch = arch.and_then(|path| path.split('/').next());
            arch.is_some_and(|arch| !arches.is_empty() && !arches.contains(arch))
        };
        let n_elsewhere = steps.iter().take_while(|step| is_elsewhere(step)).count();
        steps.drain(..n_elsewhere.min(steps.len() - 1));
        let callees: Vec<String> = steps.iter().map(|step| step.function.clone()).collect();
        for (i, (step, callee)) in steps.iter_mut().zip(callees.iter().skip(1)).enumerate() {
            step.note = match i {
                0 => format!("is entered with an override mapping, calls `{callee}`"),
                _ => format!("calls `{callee}`"),
            };
        }
        steps
    }

    /// Evidence has no order. Going back from the last step, each step in front is the one whose
    /// line names the function; steps that are on no such line stay away.
    fn in_order(&self, mut steps: Vec<TraceStep>, last: TraceStep) -> Vec<TraceStep> {
        let names = |step: &TraceStep, function: &str| {
            let source = (self.new.sources)(&step.file).unwrap_or_default();
            let line = source
                .split(|&byte| byte == b'\n')
                .nth(step.line as usize - 1);
            let mut words = line
                .unwrap_or_default()
                .split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
            words.any(|word| word == function.as_bytes())
        };
        let mut path = vec![last];
        while let Some(first) = path.last()
            && let Some(at) = steps.iter().position(|step| names(step, &first.function))
        {
            path.push(steps.remove(at));
        }
        path.reverse();
        path
    }

    fn arches(&self) -> BTreeSet<String> {
        let is_everywhere = |is: &Reader| is.verdict != Verdict::ArchDependent;
        match self.uses.iter().any(|(_, is)| is_everywhere(is)) {
            true => BTreeSet::new(),
            false => self
                .uses
                .iter()
                .flat_map(|(_, is)| is.arches.iter().cloned())
                .collect(),
        }
    }

    fn why(&self) -> String {
        let uses = self.uses.iter().map(|(was, is)| {
            let reasons: Vec<&str> = was.reasons.iter().map(String::as_str).collect();
            let reasons = match reasons.is_empty() {
                true => String::new(),
                false => format!(" (by `{}`)", reasons.join("`, `")),
            };
            format!("{}:{} in `{}`{reasons}", is.file, is.line, is.function)
        });
        let uses: Vec<String> = uses.collect();
        format!(
            "The entries of override mappings differ from `vm_page_prot` on purpose, in their \
             caching or encryption bits, and generic code that makes or changes entries from \
             `vm_page_prot` takes these bits away: device memory can become cacheable, or be \
             read through the encryption engine. Before the change it was proven that no such mapping \
             gets to {}.",
            uses.join("; ")
        )
    }

    fn help(&self) -> String {
        let keep = match self.cause {
            Cause::Guard(..) => "Keep the check as it was",
            _ => "Keep what turns override mappings away (`VM_PFNMAP`, `VM_MIXEDMAP`, `vm_ops`)",
        };
        let show = match self.uses.first() {
            Some((_, is)) => format!("`ptelint why {}:{}`", is.file, is.line),
            None => "`ptelint readers`".to_owned(),
        };
        format!(
            "{keep}, or turn these mappings away nearer to the use. If they cannot get there for \
             another reason, make the code say so; with the change applied, {show} shows how they \
             do."
        )
    }

    /// What became of a use: `was safe, now …`
    fn verdict_text(&self, was: &Reader, is: &Reader) -> String {
        let word = match was.verdict {
            Verdict::NoEntry => "made no entry",
            Verdict::Safe => "was safe",
            Verdict::Insertion => "was an insertion",
            Verdict::ArchDependent => "depended on the architecture",
            Verdict::Unproven => "was unproven",
            Verdict::Violation => "was a violation",
        };
        let now = match is.verdict {
            Verdict::ArchDependent if is.arches.is_empty() => {
                "an override can lose its bits here".to_owned()
            }
            // Those of the whole finding are named once, below.
            Verdict::ArchDependent if is.arches != self.arches() => {
                let arches: Vec<&str> = is.arches.iter().map(String::as_str).collect();
                format!("an override loses its bits here on {}", arches.join(", "))
            }
            Verdict::Unproven => "it is not decided whether an override gets here".to_owned(),
            _ => "an override loses its bits here".to_owned(),
        };
        format!("{word}, now {now}")
    }
}

fn noun(is: &Reader) -> &'static str {
    match is.role {
        Role::Construct => "new entry made",
        _ => "entry modified",
    }
}
