//! The whole run: from paths to a [`Report`].
//!
//! Stand-in with hand-made answers for the built-in sample; the stages behind it replace it.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::analysis::{
    Coverage, Cow, Evidence, Mapping, Protection, Reader, Role, Source, Step, UseLevel, Verdict,
};
use crate::rules::{Finding, Label, Severity, TraceStep};
use crate::sample;
use crate::vocabulary::{Kind, Level};

/// What a run is asked to do.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Rule files that extend the built-in ones.
    pub rules_dir: Option<PathBuf>,
    /// Threads; absent: one per core.
    pub threads: Option<usize>,
}

/// Told how far a run is.
pub trait Progress: Sync {
    /// A stage begins; `steps` of them will follow, if that is known.
    fn stage(&self, name: &'static str, steps: Option<u64>);
    /// Some more steps are done.
    fn advance(&self, steps: u64);
}

/// What was checked.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TreeSummary {
    /// `linux`, `directory`, `file` or `sample`.
    pub kind: &'static str,
    /// Of a Linux tree.
    pub version: Option<String>,
    /// Files read.
    pub files_scanned: usize,
    /// Files of which a function was parsed.
    pub files_parsed: usize,
    /// Bytes read.
    pub bytes: u64,
}

/// Input that could not be used as it is, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem(pub String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a stage took.
#[derive(Clone, Debug)]
pub struct StageStats {
    /// The stage.
    pub name: &'static str,
    /// Wall time.
    pub seconds: f64,
    /// Peak of the process so far.
    pub peak_rss_bytes: Option<u64>,
}

/// Gives the content of a file by its path relative to the tree.
pub type SourceLookup = Box<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

/// Everything a run found out.
pub struct Report {
    /// What was checked.
    pub tree: TreeSummary,
    /// What was understood.
    pub coverage: Coverage,
    /// Calls that install user entries.
    pub mappings: Vec<Mapping>,
    /// Generic uses of a protection.
    pub readers: Vec<Reader>,
    /// Defects.
    pub findings: Vec<Finding>,
    /// Bad input.
    pub problems: Vec<Problem>,
    /// Time and memory.
    pub stats: Vec<StageStats>,
    /// Sources to quote.
    pub sources: SourceLookup,
}

/// A part of the call graph.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GraphAnswer {
    /// Functions.
    pub nodes: Vec<GraphNode>,
    /// Calls.
    pub edges: Vec<GraphEdge>,
    /// True if there was more.
    pub truncated: bool,
}

/// A function.
#[derive(Clone, Debug, Serialize)]
pub struct GraphNode {
    /// Its name.
    pub name: String,
    /// Path relative to the tree.
    pub file: String,
    /// Line of its name.
    pub line: u32,
}

/// A call.
#[derive(Clone, Debug, Serialize)]
pub struct GraphEdge {
    /// Index of the caller.
    pub from: usize,
    /// Index of the callee.
    pub to: usize,
    /// `direct`, `ops` or `callback`.
    pub kind: &'static str,
    /// For `ops`: structure and member.
    pub label: String,
    /// Path of the call.
    pub file: String,
    /// Line of the call.
    pub line: u32,
}

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// A path that is not there.
    #[error("`{}` does not exist: give a kernel tree, a directory or a file", path.display())]
    NotFound {
        /// The path.
        path: PathBuf,
    },
    /// A function that is not there.
    #[error("no function `{name}` in this tree")]
    UnknownFunction {
        /// The name.
        name: String,
    },
}

/// Checks `paths`; without any, the current directory if it is a source tree, else the sample.
pub fn run(
    paths: &[PathBuf],
    _options: &Options,
    progress: &dyn Progress,
) -> Result<Report, PipelineError> {
    progress.stage("tree", Some(sample::FILES.len() as u64));
    if let Some(path) = paths.iter().find(|path| !path.exists()) {
        return Err(PipelineError::NotFound { path: path.clone() });
    }
    progress.advance(sample::FILES.len() as u64);
    let is_sample = paths.is_empty();
    let mut report = Report {
        tree: TreeSummary {
            kind: if is_sample { "sample" } else { "directory" },
            version: None,
            files_scanned: if is_sample { sample::FILES.len() } else { 0 },
            files_parsed: if is_sample { 3 } else { 0 },
            bytes: sample::FILES.iter().map(|(_, c)| c.len() as u64).sum(),
        },
        coverage: Coverage::default(),
        mappings: Vec::new(),
        readers: Vec::new(),
        findings: Vec::new(),
        problems: Vec::new(),
        stats: vec![StageStats {
            name: "tree",
            seconds: 0.0012,
            peak_rss_bytes: Some(3 << 20),
        }],
        sources: Box::new(|path| sample::file(path).map(<[u8]>::to_vec)),
    };
    if is_sample {
        fill(&mut report);
    }
    Ok(report)
}

fn line_of(path: &str, needle: &str) -> (u32, u32) {
    let text = std::str::from_utf8(sample::file(path).unwrap()).unwrap();
    let at = text.find(needle).unwrap();
    let line = text[..at].matches('\n').count() as u32 + 1;
    let column = (at - text[..at].rfind('\n').map_or(0, |n| n + 1)) as u32 + 1;
    (line, column)
}

const GEM: &str = "drivers/gpu/sample_gem.c";
const FB: &str = "drivers/video/sample_fb.c";
const PROTECT: &str = "mm/sample_protect.c";

fn step(file: &str, needle: &str, function: &str) -> Step {
    Step {
        file: file.to_owned(),
        line: line_of(file, needle).0,
        function: function.to_owned(),
    }
}

fn fill(report: &mut Report) {
    report.coverage = Coverage {
        functions: 8,
        not_understood: 0,
        indirect_unresolved: 0,
        unproven: 1,
    };
    let mapping = |file: &str, needle: &str, function: &str, api: &str| Mapping {
        file: file.to_owned(),
        line: line_of(file, needle).0,
        column: line_of(file, needle).1,
        function: function.to_owned(),
        api: api.to_owned(),
        protection: Default::default(),
        is_override: false,
        kinds: Default::default(),
        api_adjusts: vec![],
        vm_ops: Default::default(),
        vm_flags: Default::default(),
        level: Level::Pte,
        cow: Cow::Unknown,
        path: vec![],
        arches: Default::default(),
        condition: None,
    };
    let flags = ["VM_IO", "VM_PFNMAP", "VM_DONTEXPAND", "VM_DONTDUMP"].map(str::to_owned);
    report.mappings = vec![
        Mapping {
            protection: [Protection::OverrideConstant].into(),
            is_override: true,
            kinds: [Kind::Permission].into(),
            vm_flags: flags.clone().into(),
            cow: Cow::Possible,
            path: vec![step(FB, "remap_pfn_range", "sample_fb_mmap")],
            ..mapping(FB, "remap_pfn_range", "sample_fb_mmap", "remap_pfn_range")
        },
        Mapping {
            protection: [Protection::VmaProt, Protection::OverrideDerived].into(),
            is_override: true,
            kinds: [Kind::Caching].into(),
            vm_ops: ["sample_gem_vm_ops".to_owned()].into(),
            vm_flags: flags.clone().into(),
            cow: Cow::Refused,
            path: vec![step(GEM, "vmf_insert_pfn_prot", "sample_gem_fault")],
            ..mapping(
                GEM,
                "vmf_insert_pfn_prot",
                "sample_gem_fault",
                "vmf_insert_pfn_prot",
            )
        },
        Mapping {
            protection: [Protection::VmaProtUpdated].into(),
            vm_flags: flags.into(),
            cow: Cow::Possible,
            path: vec![step(GEM, "remap_pfn_range", "sample_gem_mmap_registers")],
            ..mapping(
                GEM,
                "remap_pfn_range",
                "sample_gem_mmap_registers",
                "remap_pfn_range",
            )
        },
    ];
    let reader = |needle: &str, function: &str| Reader {
        file: PROTECT.to_owned(),
        line: line_of(PROTECT, needle).0,
        column: line_of(PROTECT, needle).1,
        function: function.to_owned(),
        role: Role::Modify,
        level: UseLevel::Pte,
        source: Source::VmPageProt,
        verdict: Verdict::Unproven,
        reasons: Default::default(),
        evidence: vec![],
        arches: Default::default(),
        condition: None,
    };
    report.readers = vec![
        Reader {
            evidence: vec![Evidence {
                text: "reads `vma->vm_page_prot`".to_owned(),
                file: PROTECT.to_owned(),
                line: line_of(PROTECT, "pte_modify").0,
            }],
            ..reader("pte_modify", "sample_change_entry")
        },
        Reader {
            role: Role::Print,
            level: UseLevel::None,
            verdict: Verdict::NoEntry,
            ..reader("vma->vm_page_prot.pgprot", "sample_dump_vma")
        },
    ];
    let (line, column) = line_of(FB, "PAGE_SHARED");
    let text = std::str::from_utf8(sample::file(FB).unwrap()).unwrap();
    let loop_at = text.find("while (size > 0)").unwrap() as u32;
    report.findings = vec![Finding {
        file: FB.to_owned(),
        line,
        column,
        end_line: line,
        end_column: column + 11,
        rule: "prot-constant",
        severity: Severity::Warning,
        function: "sample_fb_mmap".to_owned(),
        message: "`sample_fb_mmap` maps its pages with `PAGE_SHARED`, whatever the mapping allows"
            .to_owned(),
        arches: Default::default(),
        condition: None,
        trace: vec![
            TraceStep {
                file: FB.to_owned(),
                line: line_of(FB, ".mmap").0,
                function: "sample_fb_fops".to_owned(),
                note: "`.mmap` of `struct file_operations`".to_owned(),
            },
            TraceStep {
                file: FB.to_owned(),
                line: line_of(FB, "remap_pfn_range").0,
                function: "sample_fb_mmap".to_owned(),
                note: "calls `remap_pfn_range`".to_owned(),
            },
        ],
        fingerprint: "0123456789abcdef".to_owned(),
        label: "writable, even where the VMA is not".to_owned(),
        labels: vec![Label {
            file: FB.to_owned(),
            start: loop_at,
            end: loop_at + 16,
            text: "once for every page of the mapping".to_owned(),
        }],
        why: "The entries are writable in a mapping without VM_WRITE, and lose the caching and \
              encryption bits of the VMA. mprotect() and fork() rebuild them from vm_page_prot, so \
              the mapping changes under its user."
            .to_owned(),
        help: "Pass `vma->vm_page_prot`; if another caching mode is needed, store it there first: \
               `vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot)`."
            .to_owned(),
    }];
}

/// A shortest call path, or the neighbourhood of a function.
pub fn graph(
    _paths: &[PathBuf],
    _options: &Options,
    from: Option<&str>,
    to: Option<&str>,
    _progress: &dyn Progress,
) -> Result<GraphAnswer, PipelineError> {
    let known = |name: &str| name.starts_with("sample_gem") || name.starts_with("vmf_");
    if let Some(name) = [from, to].into_iter().flatten().find(|name| !known(name)) {
        return Err(PipelineError::UnknownFunction {
            name: name.to_owned(),
        });
    }
    let node = |name: &str, file: &str, needle: &str| GraphNode {
        name: name.to_owned(),
        file: file.to_owned(),
        line: line_of(file, needle).0,
    };
    let edge = |from, to, needle: &str| GraphEdge {
        from,
        to,
        kind: "direct",
        label: String::new(),
        file: GEM.to_owned(),
        line: line_of(GEM, needle).0,
    };
    Ok(GraphAnswer {
        nodes: vec![
            node("sample_gem_fault", GEM, "sample_gem_fault"),
            node(
                "vmf_insert_pfn_prot",
                "include/linux/mm.h",
                "vmf_insert_pfn_prot",
            ),
        ],
        edges: vec![edge(0, 1, "vmf_insert_pfn_prot")],
        truncated: false,
    })
}
