//! What client and server can do.

use gen_lsp_types::{
    CallHierarchyProvider, CodeActionKind, CodeActionOptions, CodeActionProvider, CodeLensOptions,
    DefinitionProvider, DiagnosticOptions, DiagnosticProvider, ExecuteCommandOptions,
    FileOperationFilter, FileOperationOptions, FileOperationPattern,
    FileOperationRegistrationOptions, HoverProvider, InlayHintProvider, ReferencesProvider, Save,
    ServerCapabilities, TextDocumentSync, TextDocumentSyncKind, TextDocumentSyncOptions,
    WorkspaceFoldersServerCapabilities, WorkspaceOptions,
};
use serde_json::{Value, json};

use super::commands;
use super::text::Encoding;

/// What the client can do. Read leniently: a client that says something new is no reason to fail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What columns count.
    pub encoding: Encoding,
    /// It asks for diagnostics, and can be told to ask again; else they are sent.
    pub pulls: bool,
    /// It shows places that belong to a diagnostic.
    pub related_information: bool,
    /// It wants to know to which version of a text diagnostics belong.
    pub versions: bool,
    /// It links the code of a diagnostic.
    pub code_description: bool,
    /// Hovers may be Markdown.
    pub markdown: bool,
    /// It shows progress.
    pub progress: bool,
    /// It can be asked to watch files.
    pub watches: bool,
    /// It can be asked to show a document.
    pub shows_documents: bool,
    /// It can be asked for settings.
    pub configuration: bool,
    /// It can be told that lenses have changed.
    pub refreshes_lenses: bool,
    /// It can be told that inlay hints have changed.
    pub refreshes_hints: bool,
    /// It wants actions that are more than commands.
    pub action_literals: bool,
}

impl Facts {
    /// Reads the parameters of `initialize`.
    pub fn new(params: &Value) -> Facts {
        let at = |path: &str| params["capabilities"].pointer(path);
        let can = |path: &str| at(path).and_then(Value::as_bool).unwrap_or_default();
        let is_there = |path: &str| at(path).is_some_and(|value| !value.is_null());
        let lists = |path: &str, word: &str| {
            let list = at(path).and_then(Value::as_array);
            list.is_some_and(|list| list.iter().any(|value| value == word))
        };
        Facts {
            encoding: match lists("/general/positionEncodings", "utf-8") {
                true => Encoding::Utf8,
                false => Encoding::Utf16,
            },
            pulls: is_there("/textDocument/diagnostic")
                && can("/workspace/diagnostics/refreshSupport"),
            related_information: can("/textDocument/publishDiagnostics/relatedInformation"),
            versions: can("/textDocument/publishDiagnostics/versionSupport"),
            code_description: can("/textDocument/publishDiagnostics/codeDescriptionSupport"),
            markdown: lists("/textDocument/hover/contentFormat", "markdown"),
            progress: can("/window/workDoneProgress"),
            watches: can("/workspace/didChangeWatchedFiles/dynamicRegistration"),
            shows_documents: can("/window/showDocument/support"),
            configuration: can("/workspace/configuration"),
            refreshes_lenses: can("/workspace/codeLens/refreshSupport"),
            refreshes_hints: can("/workspace/inlayHint/refreshSupport"),
            action_literals: is_there("/textDocument/codeAction/codeActionLiteralSupport"),
        }
    }
}

/// What the server can do.
pub fn capabilities(facts: &Facts) -> ServerCapabilities {
    let sources = FileOperationRegistrationOptions {
        filters: vec![FileOperationFilter {
            scheme: Some("file".to_owned()),
            pattern: FileOperationPattern {
                glob: "**".to_owned(),
                ..FileOperationPattern::default()
            },
        }],
    };
    ServerCapabilities {
        position_encoding: Some(facts.encoding.kind()),
        text_document_sync: Some(TextDocumentSync::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::Incremental),
            save: Some(Save::Bool(true)),
            ..TextDocumentSyncOptions::default()
        })),
        hover_provider: Some(HoverProvider::Bool(true)),
        definition_provider: Some(DefinitionProvider::Bool(true)),
        references_provider: Some(ReferencesProvider::Bool(true)),
        code_lens_provider: Some(CodeLensOptions::default()),
        inlay_hint_provider: Some(InlayHintProvider::Bool(true)),
        call_hierarchy_provider: Some(CallHierarchyProvider::Bool(true)),
        code_action_provider: Some(CodeActionProvider::CodeActionOptions(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QuickFix, CodeActionKind::Empty]),
            ..CodeActionOptions::default()
        })),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: commands::ALL.iter().map(|&name| name.to_owned()).collect(),
            ..ExecuteCommandOptions::default()
        }),
        diagnostic_provider: facts.pulls.then(|| {
            DiagnosticProvider::DiagnosticOptions(DiagnosticOptions {
                identifier: Some("ptelint".to_owned()),
                inter_file_dependencies: true,
                workspace_diagnostics: true,
                ..DiagnosticOptions::default()
            })
        }),
        workspace: Some(WorkspaceOptions {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(true.into()),
            }),
            file_operations: Some(FileOperationOptions {
                did_create: Some(sources.clone()),
                did_rename: Some(sources.clone()),
                did_delete: Some(sources),
                ..FileOperationOptions::default()
            }),
            ..WorkspaceOptions::default()
        }),
        ..ServerCapabilities::default()
    }
}

/// The files that answers depend on, for `workspace/didChangeWatchedFiles`.
pub fn watchers() -> Value {
    let globs = [
        "**/*.{c,h,rs}",
        "**/{Makefile,Kbuild,Kconfig}*",
        "**/ptelint*.toml",
    ];
    let watchers: Vec<Value> = globs
        .iter()
        .map(|glob| json!({ "globPattern": glob }))
        .collect();
    json!({ "watchers": watchers })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_says_nothing_gets_the_basics() {
        assert_eq!(Facts::new(&Value::Null), Facts::default());
        let facts = Facts::new(&json!({ "capabilities": { "textDocument": 3, "general": [] } }));
        assert_eq!(facts, Facts::default());
        assert!(capabilities(&facts).diagnostic_provider.is_none());
    }

    #[test]
    fn diagnostics_are_pulled_only_if_they_can_be_renewed() {
        let mut params = json!({ "capabilities": { "textDocument": { "diagnostic": {} } } });
        assert!(!Facts::new(&params).pulls);
        params["capabilities"]["workspace"] = json!({ "diagnostics": { "refreshSupport": true } });
        assert!(Facts::new(&params).pulls);
    }
}
