//! SARIF 2.1.0, the format of code scanning services: one run, with the rules' pages, traces as
//! code flows, and the places that made a finding one as related locations.
//!
//! Services refuse files that are too large, so there are limits; what was cut is said in a
//! notification of the invocation.

use serde_json::{Map, Value, json};

use super::excerpt::Sources;
use super::{describe_run, sorted, text};
use crate::pipeline::Report;
use crate::rules::{self, Finding, Severity, TraceStep};

/// Results that code scanning services take.
const MOST_RESULTS: usize = 25_000;
/// Steps of a flow that code scanning services take.
const MOST_STEPS: usize = 10_000;
/// What paths are relative to.
const ROOT: &str = "SRCROOT";

/// All findings, worst first.
pub fn sarif(report: &Report) -> serde_json::Result<String> {
    let mut sources = Sources::new(&*report.sources);
    let mut findings = sorted(&report.findings);
    findings.sort_by_key(|finding| finding.severity);
    let mut notes = Vec::new();
    if findings.len() > MOST_RESULTS {
        notes.push(format!(
            "{} left out: a file holds at most {}, and the worst are kept; `--format json` has all",
            text::count(findings.len() - MOST_RESULTS, "result", "results"),
            text::grouped(MOST_RESULTS as u64),
        ));
        findings.truncate(MOST_RESULTS);
    }
    let n_long = findings
        .iter()
        .filter(|finding| finding.trace.len() > MOST_STEPS)
        .count();
    if n_long > 0 {
        notes.push(format!(
            "{} cut in the middle: a flow has at most {} steps; `--format json` has all",
            text::count(n_long, "code flow was", "code flows were"),
            text::grouped(MOST_STEPS as u64),
        ));
    }
    notes.push(describe_run(report));
    let notes = notes.into_iter().map(|note| notification("note", &note));
    let problems = report.problems.iter().map(|problem| {
        let problem = problem.to_string();
        notification("warning", &text::printable(&problem))
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver() },
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notes.chain(problems).collect::<Vec<_>>(),
            }],
            "originalUriBaseIds": {
                ROOT: { "description": { "text": "The top directory of the checked tree." } }
            },
            "columnKind": "unicodeCodePoints",
            "results": findings
                .iter()
                .map(|finding| result(finding, &mut sources))
                .collect::<Vec<_>>(),
            "properties": {
                "tree": report.tree,
                "coverage": report.coverage,
                "filters": report.filters,
            },
        }],
    });
    let mut out = serde_json::to_string_pretty(&log)?;
    out.push('\n');
    Ok(out)
}

fn driver() -> Value {
    let rules: Vec<Value> = rules::ALL
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "shortDescription": { "text": sentence(rule.summary) },
                "help": { "text": rule.page, "markdown": rule.page },
                "properties": { "tags": ["correctness", "memory-management"] },
            })
        })
        .collect();
    json!({
        "name": "ptelint",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    })
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn notification(level: &str, message: &str) -> Value {
    json!({ "level": level, "message": { "text": message } })
}

fn result(finding: &Finding, sources: &mut Sources) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut column = |line, column| sources.char_column(&finding.file, line, column);
    let region = json!({
        "startLine": finding.line,
        "startColumn": column(finding.line, finding.column),
        "endLine": finding.end_line,
        "endColumn": column(finding.end_line, finding.end_column),
    });
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level,
        "message": { "text": text::paragraphs(finding) },
        "locations": [location(&finding.file, region, Some(&finding.function), None)],
        "partialFingerprints": { "ptelint/v1": finding.fingerprint },
    });
    let mut add = |key: &str, value: Value| {
        if let Some(object) = result.as_object_mut() {
            object.insert(key.to_owned(), value);
        }
    };
    if let Some(index) = rules::ALL.iter().position(|rule| rule.id == finding.rule) {
        add("ruleIndex", json!(index));
    }
    let related: Vec<Value> = finding
        .labels
        .iter()
        .enumerate()
        // Lines of the version before a change are at no place in the tree.
        .filter(|(_, label)| label.file != format!("a/{}", finding.file))
        .filter_map(|(i, label)| {
            let start = sources.line_char_column(&label.file, label.start)?;
            let end = sources.line_char_column(&label.file, label.end)?;
            let region = json!({
                "startLine": start.0,
                "startColumn": start.1,
                "endLine": end.0,
                "endColumn": end.1,
            });
            let mut place = location(&label.file, region, None, Some(&label.text));
            place["id"] = json!(i + 1);
            Some(place)
        })
        .collect();
    if !related.is_empty() {
        add("relatedLocations", Value::Array(related));
    }
    if !finding.trace.is_empty() {
        let flow = json!({ "locations": steps(&finding.trace) });
        add("codeFlows", json!([{ "threadFlows": [flow] }]));
    }
    let mut properties = Map::new();
    if !finding.arches.is_empty() {
        properties.insert("arches".to_owned(), json!(finding.arches));
    }
    if let Some(condition) = &finding.condition {
        properties.insert("condition".to_owned(), json!(condition));
    }
    if !properties.is_empty() {
        add("properties", Value::Object(properties));
    }
    result
}

/// The beginning and the end of a trace, as much as a flow may have.
fn steps(trace: &[TraceStep]) -> Vec<Value> {
    let (head, tail) = match trace.len() {
        0..=MOST_STEPS => (trace, &trace[..0]),
        n => (&trace[..MOST_STEPS / 2], &trace[n - MOST_STEPS / 2..]),
    };
    head.iter()
        .chain(tail)
        .map(|step| {
            let region = json!({ "startLine": step.line });
            json!({
                "location": location(&step.file, region, Some(&step.function), Some(&step.note))
            })
        })
        .collect()
}

fn location(file: &str, region: Value, function: Option<&str>, message: Option<&str>) -> Value {
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(file), "uriBaseId": ROOT },
            "region": region,
        }
    });
    if let Some(function) = function.filter(|name| !name.is_empty()) {
        location["logicalLocations"] = json!([{ "name": function, "kind": "function" }]);
    }
    if let Some(message) = message.filter(|text| !text.is_empty()) {
        location["message"] = json!({ "text": text::printable(message) });
    }
    location
}

/// A relative path as a relative reference: everything but plain characters is escaped.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("mm/memory.c"), "mm/memory.c");
        assert_eq!(uri("a b#c:d\u{e4}.c"), "a%20b%23c%3Ad%C3%A4.c");
    }

    #[test]
    fn the_worst_results_are_kept() {
        let files = crate::sample::FILES.iter();
        let files = files.map(|&(path, content)| (path.to_owned(), content.to_vec()));
        let mut report = crate::pipeline::check_files(files.collect()).unwrap();
        let error = report.findings[0].clone();
        let note = Finding {
            severity: Severity::Note,
            ..error.clone()
        };
        report.findings = vec![note; MOST_RESULTS];
        report.findings.push(error);
        let log: Value = serde_json::from_str(&sarif(&report).unwrap()).unwrap();
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), MOST_RESULTS);
        assert_eq!(results[0]["level"], "error");
        let told = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
        assert!(told.as_str().unwrap().starts_with("1 result left out"));
    }

    #[test]
    fn a_long_trace_keeps_both_ends() {
        let step = |line| TraceStep {
            file: "a.c".to_owned(),
            line,
            function: "f".to_owned(),
            note: String::new(),
        };
        let trace: Vec<TraceStep> = (1..=MOST_STEPS as u32 + 7).map(step).collect();
        let steps = steps(&trace);
        let line =
            |step: &Value| step["location"]["physicalLocation"]["region"]["startLine"].clone();
        assert_eq!(steps.len(), MOST_STEPS);
        assert_eq!(line(&steps[0]), 1);
        assert_eq!(line(&steps[MOST_STEPS - 1]), MOST_STEPS as u32 + 7);
    }
}
