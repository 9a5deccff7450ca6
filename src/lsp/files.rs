//! What editors hold and what is on disk: the server tells the analysis of each tree what counts.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use gen_lsp_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, Uri,
};

use crate::tree::{Language, MAX_FILE_BYTES};

use super::documents::{Document, File};
use super::server::{Event, Server};
use super::tree::{OpenTree, canonical, shown_root, source_tree};
use super::uri;
use super::worker::Update;

/// More changed files than this are not told one by one.
const MOST_CHANGED: usize = 500;

impl Server {
    /// A document was opened.
    pub(super) fn opened(&mut self, params: DidOpenTextDocumentParams) {
        let item = params.text_document;
        let file = uri::path(&item.uri).and_then(|path| self.file_of(&path));
        let on_disk = file.as_ref().and_then(|file| self.on_disk_of(file));
        self.revision += 1;
        let content = (item.uri.clone(), item.version, item.text);
        let document = Document::new(content, self.revision, file, on_disk);
        let file = document.file.clone();
        self.lay_over(&document);
        self.documents.insert(item.uri.to_string(), document);
        if let Some(file) = file {
            self.look_at_git(file.tree);
            self.publish_as_called(&file, &item.uri);
        }
    }

    /// A document was changed.
    pub(super) fn changed(&mut self, params: DidChangeTextDocumentParams) {
        self.revision += 1;
        let (revision, encoding) = (self.revision, self.facts.encoding);
        let id = params.text_document;
        let uri = id.text_document_identifier.uri.to_string();
        let Some(document) = self.documents.get_mut(&uri) else {
            return;
        };
        document.change(id.version, params.content_changes, encoding, revision);
        let Some(file) = document.file.clone() else {
            return;
        };
        document.is_laid_over = true;
        if let Some(document) = self.documents.get(&uri) {
            self.lay_over(document);
        }
        self.look_at_git(file.tree);
        self.publish(file.tree, [file.path]);
    }

    /// A document was closed: its file counts again.
    pub(super) fn closed(&mut self, params: DidCloseTextDocumentParams) {
        let uri = params.text_document.uri;
        let Some(document) = self.documents.remove(&uri.to_string()) else {
            return;
        };
        let Some(file) = document.file else { return };
        if let Some(tree) = self.trees.get(&file.tree)
            && document.is_laid_over
        {
            tree.worker.update(vec![
                Update::Buffer(file.path.clone(), None),
                Update::Disk(vec![file.path.clone()]),
            ]);
        }
        self.look_at_git(file.tree);
        self.publish_as_called(&file, &uri);
    }

    /// A document was saved.
    pub(super) fn saved(&mut self, params: DidSaveTextDocumentParams) {
        // A client that watches files tells of it that way.
        if !self.facts.watches {
            self.on_disk(vec![params.text_document.uri.as_ref()]);
        }
    }

    /// The analysis reads a buffer instead of its file.
    fn lay_over(&self, document: &Document) {
        if let Some(file) = &document.file
            && document.is_laid_over
            && let Some(tree) = self.trees.get(&file.tree)
        {
            let content = (document.revision, document.text.clone());
            let update = Update::Buffer(file.path.clone(), Some(content));
            tree.worker.update(vec![update]);
        }
    }

    /// Files were changed, created or deleted on disk.
    pub(super) fn on_disk(&mut self, uris: Vec<&str>) {
        let mut changed: HashMap<usize, Vec<String>> = HashMap::new();
        for uri in uris {
            let Some(path) = uri::path(&Uri::from(uri)).and_then(|path| canonical(&path)) else {
                continue;
            };
            for (&number, tree) in &self.trees {
                if let Some(path) = tree.path_of(&path) {
                    changed.entry(number).or_default().push(path);
                }
            }
        }
        for (tree, paths) in changed {
            self.on_disk_of_tree(tree, paths);
        }
    }

    /// Paths of a tree were touched; none for any number of them.
    fn on_disk_of_tree(&mut self, number: usize, mut paths: Vec<String>) {
        // `ptelint.toml`, and baselines by their usual name.
        let is_settings = |path: &String| {
            let name = path
                .rsplit_once('/')
                .map_or(path.as_str(), |(_, name)| name);
            name.starts_with("ptelint") && name.ends_with(".toml")
        };
        let mut updates = Vec::new();
        if paths.is_empty() || paths.iter().any(is_settings) {
            updates.push(Update::Settings);
        }
        // What counts of an open document is the buffer, from now on for certain.
        for document in self.documents.values_mut() {
            if let Some(file) = &document.file
                && file.tree == number
                && !document.is_laid_over
                && (paths.is_empty() || paths.contains(&file.path))
            {
                document.is_laid_over = true;
                let content = (document.revision, document.text.clone());
                updates.push(Update::Buffer(file.path.clone(), Some(content)));
            }
        }
        if paths.len() > MOST_CHANGED {
            paths.clear();
        }
        updates.push(Update::Disk(paths));
        if let Some(tree) = self.trees.get(&number) {
            tree.worker.update(updates);
        }
    }

    /// For a client that watches no files: has git changed the work tree?
    fn look_at_git(&mut self, number: usize) {
        let has_changed = |tree: &mut OpenTree| tree.git_has_changed();
        if !self.facts.watches && self.trees.get_mut(&number).is_some_and(has_changed) {
            self.on_disk_of_tree(number, Vec::new());
        }
    }

    /// The client has opened a folder.
    pub(super) fn open_folder(&mut self, folder: &Uri) {
        if let Some(path) = uri::path(folder) {
            self.tree_of(&path, false);
        }
    }

    /// The client has closed a folder: the tree at its top is given up.
    pub(super) fn close_folder(&mut self, folder: &Uri) {
        let Some(path) = uri::path(folder).and_then(|path| canonical(&path)) else {
            return;
        };
        let gone: Vec<usize> = self
            .trees
            .iter()
            .filter(|(_, tree)| tree.root == path)
            .map(|(&number, _)| number)
            .collect();
        for number in gone {
            let Some(mut tree) = self.trees.remove(&number) else {
                continue;
            };
            for path in tree.sent.files() {
                self.send_diagnostics(uri::of(&tree.shown_root.join(path)), None, Vec::new());
            }
            tree.progress.end(&self.client, "closed");
            for document in self.documents.values_mut() {
                let file = document.file.take();
                document.file = file.filter(|file| file.tree != number);
            }
        }
    }

    /// The open tree that a path lies in, opened if need be. What is in no source tree is left
    /// alone, unless it `is_named` on the command line.
    pub(super) fn tree_of(&mut self, shown: &Path, is_named: bool) -> Option<usize> {
        let path = canonical(shown)?;
        let mut around: Vec<(usize, &Path)> = self
            .trees
            .iter()
            .filter(|(_, tree)| path.starts_with(&tree.root))
            .map(|(&number, tree)| (number, tree.root.as_path()))
            .collect();
        around.sort_by_key(|(_, root)| root.as_os_str().len());
        if let Some(&(number, _)) = around.last() {
            return Some(number);
        }
        let root = match (is_named, &self.only) {
            (true, _) => source_tree(&path).unwrap_or_else(|| path.clone()),
            (false, Some(_)) => return None,
            (false, None) => source_tree(&path)?,
        };
        let number = self.n_trees;
        self.n_trees += 1;
        let events = self.events.clone();
        let shown = shown_root(shown, &path, &root);
        let tree = OpenTree::open((root, shown), &self.options, move |news| {
            // A server that has ended needs no news.
            let _ = events.send(Event::Tree(number, news));
        });
        self.trees.insert(number, tree);
        Some(number)
    }

    fn file_of(&mut self, path: &Path) -> Option<File> {
        Language::of(path)?;
        let tree = self.tree_of(path, false)?;
        let path = self.trees.get(&tree)?.path_of(&canonical(path)?)?;
        Some(File { tree, path })
    }

    fn on_disk_of(&self, file: &File) -> Option<Vec<u8>> {
        let path = self.trees.get(&file.tree)?.root.join(&file.path);
        let metadata = fs::metadata(&path).ok()?;
        let is_source = metadata.is_file() && metadata.len() <= MAX_FILE_BYTES;
        is_source.then(|| fs::read(&path).ok()).flatten()
    }
}
