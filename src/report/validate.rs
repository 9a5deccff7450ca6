//! Validation, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::validate::judge::Verdict;
use crate::validate::model;
use crate::validate::mutant::Mutant;
use crate::validate::table::{AsBuilt, Disagreement, DynamicKind, Judged, StaticKind, Validation};

/// All mutants, one line each.
pub fn mutants(mutants: &[Mutant]) -> String {
    let mut text = String::new();
    for mutant in mutants {
        let (number, operator) = (mutant.number, mutant.operator);
        let _ = writeln!(text, "{number:>5}  {operator:18}  {}", mutant.title());
    }
    text
}

/// The whole run.
pub fn validation(result: &Validation) -> String {
    let mut text = String::new();
    let disagreements: Vec<_> = result.disagreements().collect();
    for alarm in result
        .original
        .findings
        .iter()
        .filter(|alarm| alarm.counts())
    {
        let (place, rule, message) = (&alarm.place, alarm.rule, &alarm.message);
        let _ = writeln!(text, "the reference itself: {place} {rule}: {message}\n");
    }
    for (judged, disagreement) in &disagreements {
        text.push_str(&one(judged));
        let _ = writeln!(text, "=> {}\n", disagreement_words(*disagreement));
    }
    text.push_str(&operators(result));
    text.push('\n');
    text.push_str(&table(result));
    text.push('\n');
    let _ = writeln!(
        text,
        "mutants       {} of {}; {} more do not compile",
        result.judged.len(),
        result.count,
        result.left_out.len()
    );
    for mutant in &result.left_out {
        let _ = writeln!(text, "              {}: {}", mutant.number, mutant.title());
    }
    let depth = result.bound.depth;
    let _ = writeln!(
        text,
        "bound         every sequence of {depth} operations in each world on each architecture; of {} \
         where only an alarm speaks against a mutant",
        depth + 1
    );
    let same = result.as_built.iter().filter(|built| built.is_same).count();
    let _ = writeln!(
        text,
        "built singly  {}, of which {same} get the same verdict",
        result.as_built.len()
    );
    for built in result.as_built.iter().filter(|built| !built.is_same) {
        let _ = writeln!(text, "              {} gets another", built.number);
    }
    let explained: Vec<(&Judged, &str)> = result.explained().collect();
    let _ = writeln!(
        text,
        "explained     {} by what rules make no claim about",
        explained.len()
    );
    for (judged, reason) in explained {
        let (number, title) = (judged.mutant.number, judged.mutant.title());
        let _ = writeln!(
            text,
            "              {number}: {title}\n                {reason}"
        );
    }
    let _ = writeln!(text, "differing     {} verdicts", disagreements.len());
    text
}

/// One mutant with all there is to say about it.
pub fn validated_mutant(result: &Validation) -> String {
    let mut text = String::new();
    for judged in &result.judged {
        text.push_str(&one(judged));
        let _ = match judged.disagreement() {
            Some(disagreement) => {
                let words = disagreement_words(disagreement);
                let explanation = judged.explanation();
                let because = explanation.map_or(String::new(), |why| format!(": {why}"));
                writeln!(text, "=> {words}{because}")
            }
            None => writeln!(text, "=> the verdicts agree"),
        };
    }
    for mutant in &result.left_out {
        let _ = writeln!(
            text,
            "mutant {} does not compile: {}",
            mutant.number,
            mutant.title()
        );
    }
    text
}

fn disagreement_words(disagreement: Disagreement) -> &'static str {
    match disagreement {
        Disagreement::Missed => "missed: it does harm, and ptelint does not say so",
        Disagreement::FalseAlarm => "false alarm: it does no harm within the bound",
    }
}

/// Diff, sequence and findings.
fn one(judged: &Judged) -> String {
    let mutant = &judged.mutant;
    let mut text = String::new();
    let _ = writeln!(
        text,
        "mutant {} ({}) {}",
        mutant.number,
        mutant.operator,
        mutant.title()
    );
    text.push_str(&mutant.diff(original(&mutant.file)));
    let _ = writeln!(text, "run:      {}", dynamic_words(judged));
    if let Some(sighting) = judged.dynamic.sighting() {
        for line in sighting.story.lines() {
            let _ = writeln!(text, "          {line}");
        }
    }
    let _ = writeln!(text, "analysed: {}", static_word(judged.static_kind()));
    for alarm in &judged.statics.findings {
        let _ = writeln!(
            text,
            "          {} {:?} {}: {}",
            alarm.place, alarm.severity, alarm.rule, alarm.message
        );
        for step in &alarm.trace {
            let _ = writeln!(text, "            {step}");
        }
    }
    for unproven in &judged.statics.unproven {
        let _ = writeln!(text, "          unproven: {unproven}");
    }
    text
}

fn original(file: &str) -> &'static str {
    let found = model::FILES.iter().find(|(path, _)| *path == file);
    found.map_or("", |(_, text)| *text)
}

fn dynamic_words(judged: &Judged) -> String {
    let sighting = judged.dynamic.sighting().map(|sighting| {
        format!(
            "{} after {} operations on {}, world \"{}\"",
            sighting.rules.join(", "),
            sighting.steps,
            sighting.arch,
            sighting.world
        )
    });
    match (&judged.dynamic.verdict, sighting) {
        (Verdict::Killed(_), Some(where_)) => format!("harmful: {where_}"),
        (_, Some(where_)) => format!("breaks what no rule is about: {where_}"),
        (Verdict::Crashed { arch, world }, _) => {
            format!("does not run to its end on {arch}, world \"{world}\"")
        }
        _ => {
            let word = dynamic_word(judged.dynamic.kind);
            format!("{word} of {} operations", judged.bound.depth)
        }
    }
}

fn dynamic_word(kind: DynamicKind) -> &'static str {
    match kind {
        DynamicKind::Harmful => "harmful",
        DynamicKind::Broken => "breaks what no rule is about",
        DynamicKind::Survived => "other behaviour, no harm within the bound",
        DynamicKind::Equal => "same behaviour within the bound",
    }
}

fn static_word(kind: StaticKind) -> &'static str {
    match kind {
        StaticKind::Alarm => "alarm",
        StaticKind::Pattern => "pattern",
        StaticKind::Unproven => "unproven",
        StaticKind::Silent => "silent",
    }
}

const DYNAMIC: [DynamicKind; 4] = [
    DynamicKind::Harmful,
    DynamicKind::Broken,
    DynamicKind::Survived,
    DynamicKind::Equal,
];
const STATIC: [StaticKind; 4] = [
    StaticKind::Alarm,
    StaticKind::Pattern,
    StaticKind::Unproven,
    StaticKind::Silent,
];

fn table(result: &Validation) -> String {
    let counts = result.table();
    let mut text = format!("{:42}", "");
    for column in STATIC {
        let _ = write!(text, "{:>10}", static_word(column));
    }
    text.push('\n');
    for row in DYNAMIC {
        let _ = write!(text, "{:42}", dynamic_word(row));
        for column in STATIC {
            let count = counts.get(&(row, column)).copied().unwrap_or(0);
            let _ = write!(text, "{count:>10}");
        }
        text.push('\n');
    }
    text
}

/// What each operator's mutants came to.
fn operators(result: &Validation) -> String {
    let mut rows: BTreeMap<&str, [usize; 5]> = BTreeMap::new();
    for judged in &result.judged {
        let row = rows.entry(judged.mutant.operator).or_default();
        let column = DYNAMIC.iter().position(|kind| *kind == judged.dynamic.kind);
        row[column.unwrap_or(0)] += 1;
        row[4] += usize::from(judged.disagreement().is_some() && judged.explanation().is_none());
    }
    let mut text = format!(
        "{:20}{:>9}{:>9}{:>10}{:>7}{:>11}\n",
        "operator", "harmful", "broken", "survived", "equal", "differing"
    );
    for (operator, [harmful, broken, survived, equal, differing]) in rows {
        let _ = writeln!(
            text,
            "{operator:20}{harmful:>9}{broken:>9}{survived:>10}{equal:>7}{differing:>11}"
        );
    }
    text
}

#[derive(Serialize)]
struct MutantJson<'a> {
    number: u32,
    operator: &'a str,
    file: &'a str,
    line: usize,
    item: &'a str,
    what: &'a str,
    diff: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdicts: Option<VerdictsJson<'a>>,
}

#[derive(Serialize)]
struct VerdictsJson<'a> {
    dynamic: DynamicKind,
    sighting: Option<SightingJson<'a>>,
    r#static: StaticKind,
    findings: &'a [crate::validate::statics::Alarm],
    unproven: &'a [String],
    disagreement: Option<Disagreement>,
    explanation: Option<&'static str>,
}

#[derive(Serialize)]
struct SightingJson<'a> {
    arch: &'a str,
    world: &'a str,
    steps: usize,
    broken: &'a [String],
    story: &'a str,
}

#[derive(Serialize)]
struct ValidationJson<'a> {
    count: usize,
    depth: usize,
    table: Vec<CellJson>,
    mutants: Vec<MutantJson<'a>>,
    left_out: Vec<MutantJson<'a>>,
    built_singly: &'a [AsBuilt],
}

#[derive(Serialize)]
struct CellJson {
    dynamic: DynamicKind,
    r#static: StaticKind,
    count: usize,
}

fn mutant_json<'a>(mutant: &'a Mutant, judged: Option<&'a Judged>) -> MutantJson<'a> {
    MutantJson {
        number: mutant.number,
        operator: mutant.operator,
        file: &mutant.file,
        line: mutant.line,
        item: &mutant.item,
        what: &mutant.what,
        diff: mutant.diff(original(&mutant.file)),
        verdicts: judged.map(|judged| VerdictsJson {
            dynamic: judged.dynamic.kind,
            sighting: judged.dynamic.sighting().map(|sighting| SightingJson {
                arch: &sighting.arch,
                world: &sighting.world,
                steps: sighting.steps,
                broken: &sighting.rules,
                story: &sighting.story,
            }),
            r#static: judged.static_kind(),
            findings: &judged.statics.findings,
            unproven: &judged.statics.unproven,
            disagreement: judged.disagreement(),
            explanation: judged.explanation(),
        }),
    }
}

/// All mutants, for programs.
pub fn mutants_json(mutants: &[Mutant]) -> serde_json::Result<String> {
    let mutants: Vec<MutantJson<'_>> = mutants
        .iter()
        .map(|mutant| mutant_json(mutant, None))
        .collect();
    Ok(serde_json::to_string_pretty(&mutants)? + "\n")
}

/// The whole run, for programs.
pub fn validation_json(result: &Validation) -> serde_json::Result<String> {
    let counts = result.table();
    let cells = counts
        .iter()
        .map(|(&(dynamic, r#static), &count)| CellJson {
            dynamic,
            r#static,
            count,
        });
    let judged = result.judged.iter();
    let left_out = result.left_out.iter();
    let json = ValidationJson {
        count: result.count,
        depth: result.bound.depth,
        table: cells.collect(),
        mutants: judged
            .map(|judged| mutant_json(&judged.mutant, Some(judged)))
            .collect(),
        left_out: left_out.map(|mutant| mutant_json(mutant, None)).collect(),
        built_singly: &result.as_built,
    };
    Ok(serde_json::to_string_pretty(&json)? + "\n")
}
