//! JUnit's XML: each rule is a suite, each finding a test that failed.

use quick_junit::{NonSuccessKind, Property, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::{describe_run, sorted, text};
use crate::pipeline::Report;
use crate::rules::{self, Finding, Severity};

/// A suite for every rule. One without findings holds a test that passed, so that a clean run does
/// not look like one that never ran. Notes do not fail.
pub fn junit(report: &Report) -> Result<String, SerializeError> {
    let findings = sorted(&report.findings);
    let mut out = quick_junit::Report::new("ptelint");
    for rule in rules::ALL {
        let mut suite = TestSuite::new(rule.id);
        suite.add_property(Property::new("run", describe_run(report)));
        suite.add_test_cases(
            findings
                .iter()
                .filter(|finding| finding.rule == rule.id)
                .map(|finding| case(finding)),
        );
        if suite.test_cases.is_empty() {
            let mut clean = TestCase::new("nothing to report", TestCaseStatus::success());
            clean.set_classname(rule.id);
            suite.add_test_case(clean);
        }
        out.add_test_suite(suite);
    }
    out.to_string()
}

fn case(finding: &Finding) -> TestCase {
    let place = format!("{}:{}", finding.file, finding.line);
    let body = format!("{place}\n\n{}", text::paragraphs(finding));
    let name = format!("{place} in {}", finding.function);
    let mut case = match finding.severity {
        Severity::Note => {
            let mut case = TestCase::new(name, TestCaseStatus::success());
            case.set_system_out(body);
            case
        }
        severity => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status
                .set_message(finding.message.as_str())
                .set_type(text::word(&severity))
                .set_description(body);
            TestCase::new(name, status)
        }
    };
    case.set_classname(finding.rule);
    case
}
