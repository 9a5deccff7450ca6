//! The system's C compiler as a second opinion on what a kernel tree's headers say.
//!
//! The compiler preprocesses the tree's own headers under a configuration; of the text that comes
//! out, what one function needs is kept (most of a kernel does not compile outside of it), and
//! compiled into a program that applies the function to pairs of numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A function to compile.
pub struct Subject<'a> {
    /// The kernel tree.
    pub tree: &'a Path,
    /// The directory below `arch/`.
    pub arch: &'a str,
    /// `CONFIG_A`, `CONFIG_B=3`, `!CONFIG_C`.
    pub config: &'a [String],
    /// Macros that the architecture's own compiler has.
    pub predefined: &'a [&'a str],
    /// Further directories with headers, relative to the tree.
    pub include: &'a [&'a str],
    /// Files of the tree that define what headers only declare.
    pub sources: &'a [&'a str],
    /// Definitions that take the place of the tree's, by name.
    pub given: &'a [(&'a str, &'a str)],
    /// `unsigned long (unsigned long old, unsigned long new)`, written with the tree's names.
    pub body: &'a str,
}

/// The compiler, if there is one.
pub fn compiler() -> Option<String> {
    let asked_for = std::env::var("CC").ok();
    let mut candidates = asked_for
        .into_iter()
        .chain(["cc", "gcc", "clang"].map(String::from));
    candidates.find(|name| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    })
}

/// What the compiled function makes of each pair.
pub fn results(cc: &str, subject: &Subject<'_>, pairs: &[(u64, u64)]) -> Result<Vec<u64>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let folder = folder.path();
    let text = preprocess(cc, subject, folder)?;
    let kept = needed(&text, subject.given);
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(a, b)| format!("{{{a}UL,{b}UL}}"))
        .collect();
    let program = format!(
        "extern int printf(const char *, ...);\nextern unsigned long {ROOT}(unsigned long, \
         unsigned long);\nstatic const unsigned long pairs[][2] = {{{}}};\nint main(void) {{\n\
         for (int i = 0; i < {}; i++) printf(\"%lx\\n\", {ROOT}(pairs[i][0], pairs[i][1]));\n\
         return 0; }}\n",
        pairs.join(","),
        pairs.len()
    );
    write(&folder.join("kept.c"), &kept)?;
    write(&folder.join("main.c"), &program)?;
    let binary = folder.join("program");
    let mut command = Command::new(cc);
    command.args(["-w", "-O1", "-std=gnu11", "-fno-builtin", "-o"]);
    command.arg(&binary);
    command.args([folder.join("kept.c"), folder.join("main.c")]);
    run(&mut command)?;
    let printed = run(&mut Command::new(&binary))?;
    let number = |line: &str| u64::from_str_radix(line, 16).map_err(|error| error.to_string());
    printed.lines().map(number).collect()
}

/// The name of the function that is compiled.
const ROOT: &str = "ptelint_root";

/// More generated headers than any architecture has.
const MAX_MISSING: usize = 200;

fn write(path: &Path, text: &str) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The tree's headers as the compiler sees them. Headers that a build would generate are empty, or
/// the generic one of that name, as a build makes them.
fn preprocess(cc: &str, subject: &Subject<'_>, folder: &Path) -> Result<String, String> {
    let generated = folder.join("generated");
    let mut config = String::new();
    for symbol in subject
        .config
        .iter()
        .filter(|symbol| !symbol.starts_with('!'))
    {
        let (name, value) = symbol.split_once('=').unwrap_or((symbol, "1"));
        config += &format!("#define {name} {value}\n");
    }
    write(&generated.join("generated/autoconf.h"), &config)?;
    let sources = subject.sources.iter();
    let sources: String = sources
        .map(|path| format!("#include \"{}\"\n", subject.tree.join(path).display()))
        .collect();
    let root = format!(
        "#include <linux/pgtable.h>\n{sources}unsigned long {ROOT}(unsigned long old, unsigned \
         long new) {{ {} }}\n",
        subject.body
    );
    write(&folder.join("root.c"), &root)?;
    let tree = subject.tree;
    for _ in 0..MAX_MISSING {
        let mut command = Command::new(cc);
        command.args([
            "-E",
            "-P",
            "-undef",
            "-nostdinc",
            "-D__KERNEL__",
            "-D__LP64__",
        ]);
        command.args(["-D__GNUC__=12", "-D__SIZEOF_LONG__=8", "-D__CHAR_BIT__=8"]);
        command.args(subject.predefined.iter().map(|name| format!("-D{name}")));
        command.arg("-I").arg(&generated);
        for directory in subject.include {
            command.arg("-I").arg(tree.join(directory));
        }
        for directory in [
            &format!("arch/{}/include", subject.arch),
            "include",
            &format!("arch/{}/include/uapi", subject.arch),
            "include/uapi",
        ] {
            command.arg("-I").arg(tree.join(directory));
        }
        for header in ["compiler-version.h", "kconfig.h", "compiler_types.h"] {
            let path = tree.join("include/linux").join(header);
            if path.is_file() {
                command.arg("-include").arg(path);
            }
        }
        command.arg(folder.join("root.c"));
        let output = command.output().map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let missing = said.lines().find_map(|line| {
            let (_, rest) = line.split_once("fatal error: ")?;
            let rest = rest.trim_start_matches('\'');
            rest.split([':', '\'']).next().map(str::to_owned)
        });
        let Some(missing) = missing else {
            // `#error`s about the configuration of other parts of the kernel do not matter.
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        };
        let generic = missing
            .strip_prefix("asm/")
            .map(|name| format!("asm-generic/{name}"));
        let generic = generic.filter(|name| {
            ["include", "include/uapi"]
                .iter()
                .any(|directory| tree.join(directory).join(name).is_file())
        });
        let text = generic.map_or(String::new(), |name| format!("#include <{name}>\n"));
        write(&generated.join(&missing), &text)?;
    }
    Err("too many headers are missing".to_owned())
}

/// A declaration or definition at file scope.
struct Declaration<'t> {
    text: &'t str,
    names: BTreeSet<String>,
    uses: BTreeSet<String>,
}

/// What the root needs, in the order of the text.
fn needed(text: &str, given: &[(&str, &str)]) -> String {
    let all = declarations(text);
    let mut defining: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, declaration) in all.iter().enumerate() {
        for name in &declaration.names {
            defining.entry(name).or_default().push(i);
        }
    }
    let mut given_uses = BTreeMap::new();
    for (_, text) in given {
        let tokens: Vec<&str> = words(text).into_iter().map(|word| word.1).collect();
        given_uses.insert(*text, uses(&tokens));
    }
    let mut kept = BTreeSet::new();
    let mut wanted = vec![ROOT];
    while let Some(name) = wanted.pop() {
        let replacement = given.iter().find(|(known, _)| *known == name);
        for &i in defining.get(name).into_iter().flatten() {
            if !kept.insert(i) {
                continue;
            }
            match replacement {
                Some((_, text)) => wanted.extend(given_uses[text].iter().map(String::as_str)),
                None => wanted.extend(all[i].uses.iter().map(String::as_str)),
            }
        }
    }
    let mut out = String::new();
    let mut written = BTreeSet::new();
    for i in kept {
        let mut replacement = given
            .iter()
            .filter(|(name, _)| all[i].names.contains(*name));
        match replacement.next() {
            Some((name, text)) if written.insert(name) => out += text,
            Some(_) => {}
            None => out += all[i].text,
        }
        out.push('\n');
    }
    out
}

fn declarations(text: &str) -> Vec<Declaration<'_>> {
    let words = words(text);
    let mut all = Vec::new();
    let (mut start, mut depth, mut has_body) = (0, 0, false);
    for (i, &(at, word)) in words.iter().enumerate() {
        match word {
            "{" if depth == 0 => {
                has_body = words[start..i].last().is_some_and(|last| last.1 == ")");
                depth = 1;
            }
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 && (word == ";" || word == "}" && has_body) {
            let begin = words[start].0;
            let tokens: Vec<&str> = words[start..=i].iter().map(|word| word.1).collect();
            all.push(Declaration {
                text: &text[begin..at + word.len()],
                names: names(&tokens),
                uses: uses(&tokens),
            });
            (start, has_body) = (i + 1, false);
        }
    }
    all
}

/// Words, literals and single marks, with their offsets.
fn words(text: &str) -> Vec<(usize, &str)> {
    let bytes = text.as_bytes();
    let mut words = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        at += 1;
        match bytes[start] {
            byte if byte.is_ascii_whitespace() => continue,
            quote @ (b'"' | b'\'') => {
                while at < bytes.len() && bytes[at] != quote {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(bytes.len());
            }
            byte if is_word(byte) => {
                while at < bytes.len() && is_word(bytes[at]) {
                    at += 1;
                }
            }
            _ => {}
        }
        // A byte of a longer character is of no interest.
        if let Some(word) = text.get(start..at) {
            words.push((start, word));
        }
    }
    words
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn starts_as_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// What a declaration declares; tags with the word in front.
fn names(tokens: &[&str]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    // Assembler beside functions is about symbols of the whole kernel.
    if matches!(tokens[0], "asm" | "__asm__") {
        return names;
    }
    let mut depth = 0;
    let mut last = None;
    let mut function = None;
    let mut is_value = false;
    for (i, &token) in tokens.iter().enumerate() {
        let previous = i.checked_sub(1).map_or("", |i| tokens[i]);
        match token {
            "(" if depth == 0 => {
                let is_attribute = matches!(
                    previous,
                    "__attribute__" | "typeof" | "__typeof__" | "__asm__" | "asm"
                );
                if function.is_none() && starts_as_word(previous) && !is_attribute {
                    function = Some(previous);
                }
                // The name of a pointer to a function.
                if tokens.get(i + 1) == Some(&"*") {
                    names.extend(tokens.get(i + 2).map(|name| name.to_string()));
                }
                depth += 1;
            }
            "{" if depth == 0 => {
                let keyword = i.checked_sub(2).map_or("", |i| tokens[i]);
                if matches!(keyword, "struct" | "union" | "enum") {
                    names.insert(format!("{keyword} {previous}"));
                }
                if keyword == "enum" || previous == "enum" {
                    names.extend(enumerators(&tokens[i..]));
                }
                depth += 1;
            }
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            "=" if depth == 0 => is_value = true,
            _ if depth == 0 && starts_as_word(token) && !is_value && token != "__attribute__" => {
                last = Some(token);
            }
            _ => {}
        }
    }
    names.extend(function.or(last).map(str::to_owned));
    names
}

fn enumerators(tokens: &[&str]) -> Vec<String> {
    let mut depth = 0;
    let mut names = Vec::new();
    for pair in tokens.windows(2) {
        match pair[0] {
            "(" | "{" => depth += 1,
            ")" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && matches!(pair[0], "{" | ",") && starts_as_word(pair[1]) {
            names.push(pair[1].to_owned());
        }
    }
    names
}

/// Everything named in a declaration. A pointer does not need the structure it points to.
fn uses(tokens: &[&str]) -> BTreeSet<String> {
    let mut uses = BTreeSet::new();
    for (i, &token) in tokens.iter().enumerate() {
        let previous = i.checked_sub(1).map_or("", |i| tokens[i]);
        if matches!(previous, "struct" | "union" | "enum") {
            if tokens.get(i + 1) != Some(&"*") {
                uses.insert(format!("{previous} {token}"));
            }
        } else if starts_as_word(token) && !matches!(previous, "." | ">") {
            uses.insert(token.to_owned());
        }
    }
    uses
}
