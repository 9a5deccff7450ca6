//! From the tree's Makefiles to a circuit.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::circuit::{Circuit, NodeId};
use super::makefile::{self, Line, Test, TestKind};
use super::paths;
use super::symbols::Symbols;
use super::values::Values;
use crate::tree::Tree;

/// What is built, and where something is built that could be anything.
pub(super) struct Objects {
    by_path: FxHashMap<String, NodeId>,
    floating: Floating,
    /// Directories in which something is built that no name was found for.
    holes: Vec<(String, NodeId)>,
}

/// Objects of which only the end of the path is known, by the last name.
type Floating = FxHashMap<String, Vec<(String, NodeId)>>;

impl Objects {
    pub(super) fn read(
        tree: &Tree,
        circuit: &mut Circuit,
        symbols: &mut Symbols,
        arches: &BTreeMap<String, NodeId>,
    ) -> Objects {
        let files = read_files(tree, arches);
        let mut directories: BTreeMap<String, NodeId> = BTreeMap::new();
        for (path, _) in &files {
            let directory = paths::directory(path);
            if !directories.contains_key(directory) {
                directories.insert(directory.to_owned(), circuit.any());
            }
        }
        let unknown = circuit.constant(Values::ALL);
        let yes = circuit.constant(Values::Y);
        let mut builder = Builder {
            tree,
            arch_names: arches.keys().map(String::as_str).collect(),
            circuit,
            symbols,
            arches,
            directories: &directories,
            unknown,
            objects: Objects {
                by_path: FxHashMap::default(),
                floating: Floating::default(),
                holes: Vec::new(),
            },
            parts: Vec::new(),
            floating_directories: Vec::new(),
            directory_holes: Vec::new(),
            referenced: FxHashMap::default(),
            programs: FxHashSet::default(),
            n_includes: 0,
        };
        for (path, lines) in &files {
            builder.file(path, lines);
        }
        builder.link_parts();
        builder.link_directories();
        builder.link_floating();
        if let Some(&root) = directories.get("") {
            builder.circuit.add(root, yes);
        }
        builder.objects
    }

    /// The nodes that build the object of a source file; none if no Makefile names it.
    pub(super) fn of(&self, file: &str) -> Vec<NodeId> {
        let Some((stem, "c" | "rs" | "S")) = file.rsplit_once('.') else {
            return Vec::new();
        };
        let object = format!("{stem}.o");
        let mut nodes = match self.by_path.get(&object) {
            Some(&node) => vec![node],
            None => matching(&self.floating, &object).collect(),
        };
        let holes = self.holes.iter();
        nodes.extend(
            holes
                .filter(|(directory, _)| paths::is_below(file, directory))
                .map(|(_, node)| *node),
        );
        nodes
    }
}

fn matching<'f>(floating: &'f Floating, object: &'f str) -> impl Iterator<Item = NodeId> + 'f {
    floating
        .get(paths::name(object))
        .into_iter()
        .flatten()
        .filter(move |(suffix, _)| paths::ends_with(object, suffix))
        .map(|(_, node)| *node)
}

/// Directories at the top with programs for user space and Makefiles of another kind.
const NOT_KERNEL: [&str; 3] = ["Documentation", "scripts", "tools"];

/// All Makefiles in directories with sources, above those, and where these lead to, sorted by
/// path.
fn read_files(tree: &Tree, arches: &BTreeMap<String, NodeId>) -> Vec<(String, Vec<Line>)> {
    let mut directories: BTreeSet<&str> = BTreeSet::from([""]);
    let mut last = "";
    for file in tree.files.iter() {
        let mut directory = paths::directory(&file.path);
        if directory == last {
            continue;
        }
        last = directory;
        while directories.insert(directory) {
            directory = paths::directory(directory);
        }
    }
    let mut seen: BTreeSet<String> = directories.into_iter().map(str::to_owned).collect();
    seen.extend(arches.keys().map(|arch| format!("arch/{arch}")));
    let is_kernel = |directory: &String| {
        let top = directory.split('/').next().unwrap_or_default();
        !NOT_KERNEL.contains(&top)
    };
    seen.retain(is_kernel);
    let mut wanted: Vec<String> = seen.iter().cloned().collect();
    let mut files = Vec::new();
    while !wanted.is_empty() {
        let found: Vec<(String, Vec<Line>)> = wanted
            .par_iter()
            .flat_map_iter(|directory| {
                ["Kbuild", "Makefile"].into_iter().filter_map(|name| {
                    let path = paths::join(directory, name)?;
                    let lines = makefile::lines(&tree.read_build_file(&path)?);
                    Some((path, lines))
                })
            })
            .collect();
        // A directory without sources of its own may build those of others.
        wanted = found
            .iter()
            .flat_map(|(path, lines)| named_directories(path, lines))
            .filter(|directory| is_kernel(directory) && seen.insert(directory.clone()))
            .collect();
        files.extend(found);
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

/// The directories that a Makefile names without variables.
fn named_directories<'l>(path: &'l str, lines: &'l [Line]) -> impl Iterator<Item = String> + 'l {
    let place = Place::of(path);
    let values = lines.iter().filter_map(|line| match line {
        Line::Assign { value, .. } => Some(value),
        _ => None,
    });
    values
        .filter(|value| value.contains('/'))
        .flat_map(|value| makefile::words(value))
        .filter(|word| word.ends_with('/') && !word.starts_with('-'))
        .filter_map(move |word| resolve(word, place.base))
}

struct Builder<'b> {
    tree: &'b Tree,
    circuit: &'b mut Circuit,
    symbols: &'b mut Symbols,
    arches: &'b BTreeMap<String, NodeId>,
    arch_names: Vec<&'b str>,
    /// Whether each directory's Makefile is read.
    directories: &'b BTreeMap<String, NodeId>,
    unknown: NodeId,
    objects: Objects,
    parts: Vec<Part>,
    /// Directories of which only the end of the path is known.
    floating_directories: Vec<(String, NodeId)>,
    /// Directories below which any may be read.
    directory_holes: Vec<(String, NodeId)>,
    /// All variables that are used in values, and whether some function changes what is in them.
    referenced: FxHashMap<String, bool>,
    /// Programs that run where the kernel is built, or in user space, as if they were objects.
    programs: FxHashSet<String>,
    n_includes: usize,
}

/// An object in a variable such as `foo-y`, part of `foo.o` if there is such an object.
struct Part {
    whole: String,
    /// The name without `y`, `m` or `objs`.
    stem: String,
    path: String,
    /// As it is written; `None` if that is a whole path, which nothing can be put in front of.
    suffix: Option<String>,
    condition: NodeId,
}

/// The Makefile whose lines are read.
#[derive(Clone, Copy)]
struct Place<'p> {
    path: &'p str,
    /// What names are relative to.
    base: &'p str,
    /// True for the Makefiles at the top and of architectures, which name directories from the
    /// root on, in lists of their own.
    is_top: bool,
}

impl<'p> Place<'p> {
    fn of(path: &'p str) -> Place<'p> {
        let base = paths::directory(path);
        let arch = base.strip_prefix("arch/");
        let is_arch = arch.is_some_and(|arch| !arch.contains('/'));
        let is_top = paths::name(path) == "Makefile" && (base.is_empty() || is_arch);
        Place {
            path,
            base: if is_top { "" } else { base },
            is_top,
        }
    }
}

/// What a variable's values are for.
enum Purpose {
    /// Built.
    Objects,
    /// Directories without a slash.
    Directories,
    /// Parts of an object with this name without its suffix, or anything else.
    Parts(String),
}

/// One `if` that is open.
struct Conditional {
    outer: NodeId,
    /// True if an earlier branch is taken.
    earlier: NodeId,
}

/// So many `include`s are followed in all.
const MAX_INCLUDES: usize = 1_000;
/// So deep `include`s are followed.
const MAX_INCLUDE_DEPTH: usize = 8;

impl Builder<'_> {
    fn file(&mut self, path: &str, lines: &[Line]) {
        let gate = self.directories[paths::directory(path)];
        let place = Place::of(path);
        self.lines(place, lines, gate, 0);
    }

    fn lines(&mut self, place: Place<'_>, lines: &[Line], gate: NodeId, depth: usize) {
        let mut gate = gate;
        let mut open: Vec<Conditional> = Vec::new();
        for line in lines {
            match line {
                Line::If(test) => {
                    let test = self.test(test);
                    open.push(Conditional {
                        outer: gate,
                        earlier: test,
                    });
                    gate = self.circuit.and(gate, test);
                }
                Line::Else(test) => {
                    let Some(Conditional { outer, earlier }) = open.pop() else {
                        continue;
                    };
                    let test = test.as_ref().map(|test| self.test(test));
                    let not_earlier = self.circuit.not(earlier);
                    gate = self.circuit.and(outer, not_earlier);
                    let mut taken = earlier;
                    if let Some(test) = test {
                        gate = self.circuit.and(gate, test);
                        taken = self.circuit.or(earlier, test);
                    }
                    open.push(Conditional {
                        outer,
                        earlier: taken,
                    });
                }
                Line::EndIf => {
                    if let Some(Conditional { outer, .. }) = open.pop() {
                        gate = outer;
                    }
                }
                Line::Include(path) => self.include(place, path, gate, depth),
                Line::Assign { name, value } => self.assign(place, name, value, gate),
            }
        }
    }

    fn test(&mut self, test: &Test) -> NodeId {
        let node = match &test.kind {
            TestKind::Defined(name) => self.config(name),
            TestKind::Equal(a, b) => self.equal(a, b),
            TestKind::Unknown => None,
        };
        match node {
            Some(node) if test.is_negated => self.circuit.not(node),
            Some(node) => node,
            None => self.unknown,
        }
    }

    fn equal(&mut self, a: &str, b: &str) -> Option<NodeId> {
        let (variables, text) = if a.starts_with('$') { (a, b) } else { (b, a) };
        let mut nodes = Vec::new();
        for variable in variables.split_inclusive(')') {
            let name = variable.trim().strip_prefix("$(")?.strip_suffix(')')?;
            nodes.push(self.config(name)?);
        }
        let value = match text {
            "y" => Values::Y,
            "m" => Values::M,
            "" => {
                let first = nodes.pop()?;
                let any = nodes
                    .into_iter()
                    .fold(first, |any, node| self.circuit.or(any, node));
                return Some(self.circuit.not(any));
            }
            _ => return None,
        };
        match nodes[..] {
            [node] => {
                let value = self.circuit.constant(value);
                Some(self.circuit.same(node, value))
            }
            _ => None,
        }
    }

    fn config(&mut self, name: &str) -> Option<NodeId> {
        let name = name.strip_prefix("CONFIG_")?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        name.bytes()
            .all(is_name)
            .then(|| self.symbols.node(self.circuit, name))
    }

    /// The condition in `obj-$(…)`.
    fn suffix(&mut self, suffix: &str) -> NodeId {
        let node = match suffix {
            "y" | "m" | "objs" => return self.circuit.constant(Values::Y),
            _ => suffix
                .strip_prefix("$(subst m,y,")
                .and_then(|rest| rest.strip_suffix(')'))
                .or(Some(suffix))
                .and_then(|rest| rest.strip_prefix("$(")?.strip_suffix(')'))
                .map(|name| name.strip_suffix(":m=y").unwrap_or(name))
                .and_then(|name| self.config(name)),
        };
        node.unwrap_or(self.unknown)
    }

    fn include(&mut self, place: Place<'_>, path: &str, gate: NodeId, depth: usize) {
        for word in makefile::words(path) {
            let resolved = resolve(word, place.base);
            if let Some(resolved) = resolved {
                self.n_includes += 1;
                let text = match depth < MAX_INCLUDE_DEPTH && self.n_includes < MAX_INCLUDES {
                    true => self.tree.read_build_file(&resolved),
                    false => None,
                };
                if let Some(text) = text {
                    self.included_directory(paths::directory(&resolved), &resolved, gate);
                    let place = Place {
                        path: &resolved,
                        ..place
                    };
                    self.lines(place, &makefile::lines(&text), gate, depth + 1);
                    continue;
                }
            }
            if place.is_top {
                // Those are flags, and what was configured.
                continue;
            }
            let node = self.circuit.and(gate, self.unknown);
            let suffix = known_end(word);
            if matches!(paths::name(suffix), "Makefile" | "Kbuild") && suffix.contains('/') {
                let suffix = paths::directory(suffix).to_owned();
                self.floating_directories.push((suffix, node));
            }
            self.hole(place, node);
        }
    }

    /// A directory's own Makefile may be there only to be included by another.
    fn included_directory(&mut self, directory: &str, path: &str, gate: NodeId) {
        if matches!(paths::name(path), "Makefile" | "Kbuild")
            && let Some(&node) = self.directories.get(directory)
        {
            let gate = self.circuit.and(gate, self.unknown);
            self.circuit.add(node, gate);
        }
    }

    fn hole(&mut self, place: Place<'_>, node: NodeId) {
        let base = match place.is_top {
            true => paths::directory(place.path),
            false => place.base,
        };
        self.objects.holes.push((base.to_owned(), node));
        self.directory_holes.push((base.to_owned(), node));
    }

    fn assign(&mut self, place: Place<'_>, name: &str, value: &str, gate: NodeId) {
        if value.contains('$') {
            self.note_references(value);
        }
        if name.starts_with("hostprogs") || name.starts_with("userprogs") {
            let programs = makefile::words(value).into_iter();
            self.programs
                .extend(programs.filter_map(|name| resolve(&format!("{name}.o"), place.base)));
            return;
        }
        let (purpose, suffix) = purpose(name, place.is_top);
        if place.is_top && matches!(purpose, Purpose::Parts(_)) {
            return;
        }
        // Most variables hold flags.
        let is_directories = matches!(purpose, Purpose::Directories);
        if !is_directories && !value.contains(".o") && !value.contains('/') {
            return;
        }
        let mut gate = gate;
        if let Some(suffix) = suffix {
            let suffix = self.suffix(suffix);
            gate = self.circuit.and(gate, suffix);
        }
        for word in makefile::words(value) {
            self.word(place, &purpose, word, gate);
        }
    }

    /// Remembers which variables are used, and whether as they are.
    fn note_references(&mut self, value: &str) {
        for word in makefile::words(value) {
            let plain = word
                .strip_prefix("$(")
                .and_then(|rest| rest.strip_suffix(')'));
            for name in makefile::references(word).filter(|name| !name.starts_with("CONFIG_")) {
                let is_changed = plain != Some(name);
                match self.referenced.get_mut(name) {
                    Some(known) => *known |= is_changed,
                    None => {
                        self.referenced.insert(name.to_owned(), is_changed);
                    }
                }
            }
        }
    }

    fn word(&mut self, place: Place<'_>, purpose: &Purpose, word: &str, gate: NodeId) {
        if word.starts_with('-') {
            return;
        }
        let is_directory = word.ends_with('/') || matches!(purpose, Purpose::Directories);
        if !is_directory && !word.contains(".o") && !word.contains("/") {
            return;
        }
        if word.contains("$(SRCARCH)") {
            for found in paths::places(word, &self.arch_names) {
                let arch = found.arch.and_then(|arch| self.arches.get(&arch));
                let (Some(&arch), Some(&node)) = (arch, self.directories.get(&found.path)) else {
                    continue;
                };
                let gate = self.circuit.and(gate, arch);
                self.circuit.add(node, gate);
            }
            return;
        }
        if let Some(path) = resolve(word, place.base) {
            if is_directory {
                let gate = match purpose {
                    Purpose::Parts(_) => self.circuit.and(gate, self.unknown),
                    _ => gate,
                };
                if let Some(&node) = self.directories.get(&path) {
                    self.circuit.add(node, gate);
                }
            } else if path.ends_with(".o") {
                self.object(place, purpose, word, path, gate);
            }
            return;
        }
        if let Some((prefix, names)) = prefixed(word) {
            for name in makefile::words(names) {
                self.word(place, purpose, &format!("{prefix}{name}"), gate);
            }
            return;
        }
        // Something with variables and functions: whatever looks like the end of a path in it.
        let unknown = self.circuit.and(gate, self.unknown);
        for piece in word.split([' ', '\t', ',', '(', ')', '{', '}', '=', ':']) {
            let end = piece.rsplit_once("../").map_or(piece, |(_, end)| end);
            let end = end.trim_start_matches("./").trim_start_matches('/');
            if let Some(stem) = end.strip_suffix(".o") {
                let is_glued = word.contains(&format!("){piece}")) && !piece.starts_with('/');
                match stem.is_empty() || stem.contains(['%', '$', '*']) || is_glued {
                    true => self.hole(place, unknown),
                    false => self.float(end, unknown),
                }
            } else if let Some(end) = end.strip_suffix('/') {
                match end.contains(['%', '$', '*']) {
                    true => self.hole(place, unknown),
                    false if end.is_empty() => {}
                    false => self.floating_directories.push((end.to_owned(), unknown)),
                }
            }
        }
    }

    fn object(
        &mut self,
        place: Place<'_>,
        purpose: &Purpose,
        word: &str,
        path: String,
        gate: NodeId,
    ) {
        if path.contains(['%', '*']) {
            let unknown = self.circuit.and(gate, self.unknown);
            self.hole(place, unknown);
            return;
        }
        let Purpose::Parts(stem) = purpose else {
            let node = self.node(path);
            self.circuit.add(node, gate);
            return;
        };
        let suffix = word.rsplit_once("../").map_or(word, |(_, end)| end);
        let suffix = (!word.starts_with('$')).then(|| suffix.to_owned());
        self.parts.push(Part {
            whole: paths::join(place.base, &format!("{stem}.o")).unwrap_or_default(),
            stem: stem.clone(),
            path,
            suffix,
            condition: gate,
        });
    }

    fn node(&mut self, path: String) -> NodeId {
        let circuit = &mut *self.circuit;
        *self
            .objects
            .by_path
            .entry(path)
            .or_insert_with(|| circuit.any())
    }

    fn float(&mut self, suffix: &str, node: NodeId) {
        let name = paths::name(suffix).to_owned();
        let named = self.objects.floating.entry(name).or_default();
        named.push((suffix.to_owned(), node));
    }

    /// Parts belong to the whole they are named after. Where there is none, or where the variable
    /// is used elsewhere, they may be anything.
    fn link_parts(&mut self) {
        let parts = std::mem::take(&mut self.parts);
        let is_whole: Vec<bool> = parts
            .iter()
            .map(|part| {
                self.objects.by_path.contains_key(&part.whole)
                    || matching(&self.objects.floating, &part.whole)
                        .next()
                        .is_some()
            })
            .collect();
        for (part, is_whole) in parts.into_iter().zip(is_whole) {
            if !is_whole && self.programs.contains(&part.whole) {
                continue;
            }
            let uses = ["-y", "-m", "-objs", ""]
                .iter()
                .filter_map(|suffix| self.referenced.get(&format!("{}{suffix}", part.stem)));
            let (is_used, is_changed) =
                uses.fold((false, false), |(_, any), changed| (true, any | changed));
            let node = self.node(part.path);
            if is_whole {
                let whole = self.node(part.whole);
                let built = self.circuit.and(whole, part.condition);
                self.circuit.add(node, built);
            }
            if !is_whole || is_used {
                let unknown = self.circuit.and(part.condition, self.unknown);
                self.circuit.add(node, unknown);
                if let Some(suffix) = part.suffix.filter(|_| is_changed || !is_used) {
                    self.float(&suffix, unknown);
                }
            }
        }
    }

    fn link_directories(&mut self) {
        for (path, &node) in self.directories {
            for (suffix, condition) in &self.floating_directories {
                if paths::ends_with(path, suffix) {
                    self.circuit.add(node, *condition);
                }
            }
            for (directory, condition) in &self.directory_holes {
                if paths::is_below(path, directory) {
                    self.circuit.add(node, *condition);
                }
            }
            let arch = path
                .strip_prefix("arch/")
                .map(|rest| rest.split_once('/').unwrap_or((rest, "")));
            let arch = arch.and_then(|(arch, rest)| Some((*self.arches.get(arch)?, rest)));
            match arch {
                Some((arch, "")) => self.circuit.add(node, arch),
                // A directory that nothing names is read in some way not understood.
                Some((arch, _)) if self.circuit.members(node).is_empty() => {
                    let unknown = self.circuit.and(arch, self.unknown);
                    self.circuit.add(node, unknown);
                }
                None if self.circuit.members(node).is_empty() => {
                    self.circuit.add(node, self.unknown);
                }
                _ => {}
            }
        }
    }

    fn link_floating(&mut self) {
        for (path, &node) in &self.objects.by_path {
            for condition in matching(&self.objects.floating, path) {
                self.circuit.add(node, condition);
            }
        }
    }
}

/// What a variable is for by its name, and the part of the name that is a condition.
fn purpose(name: &str, is_top: bool) -> (Purpose, Option<&str>) {
    let (stem, suffix) = match name.split_once("-$(") {
        Some((stem, _)) => (stem, Some(&name[stem.len() + 1..])),
        None => match name.rsplit_once('-') {
            Some((stem, suffix @ ("y" | "m" | "objs"))) => (stem, Some(suffix)),
            _ => (name, None),
        },
    };
    let is_list = match stem {
        "obj" | "lib" | "extra" | "always" => !is_top && suffix != Some("objs"),
        "core" | "drivers" | "libs" | "init" | "net" | "virt" | "head" => is_top,
        _ => false,
    };
    let purpose = match stem {
        "subdir" if suffix.is_some() => Purpose::Directories,
        _ if is_list && (suffix.is_some() || stem == "always") => Purpose::Objects,
        _ => Purpose::Parts(stem.to_owned()),
    };
    (purpose, suffix)
}

/// A word as a path relative to the root; `None` if variables in it leave that open.
fn resolve(word: &str, base: &str) -> Option<String> {
    let strip = |names: &[&str]| {
        names.iter().find_map(|name| {
            word.strip_prefix("$(")?
                .strip_prefix(name)?
                .strip_prefix(")/")
        })
    };
    let (base, path) = match strip(&["srctree", "objtree"]) {
        Some(path) => ("", path),
        None => (base, strip(&["obj", "src"]).unwrap_or(word)),
    };
    match path.contains('$') {
        true => None,
        false => paths::join(base, path),
    }
}

/// The arguments of `$(addprefix …)`.
fn prefixed(word: &str) -> Option<(&str, &str)> {
    let inner = word.strip_prefix("$(addprefix ")?.strip_suffix(')')?;
    let (prefix, names) = inner.split_once(',')?;
    // With other functions within it is more than it seems.
    let is_simple = !names.contains(['(', ',']) && !prefix.contains([' ', '\t']);
    is_simple.then_some((prefix, names))
}

/// What is behind the last variable of a word.
fn known_end(word: &str) -> &str {
    let end = word.rsplit_once(')').map_or(word, |(_, end)| end);
    end.trim_start_matches("./").trim_start_matches('/')
}
