//! Recognising register headers.
//!
//! A kernel tree carries hundreds of generated headers with nothing but register offsets and
//! masks, a third of all its bytes. Nothing in them is ever called or defined with members.

use super::names::is_name_byte;

/// Smaller headers are read in full: they cost little, and a short list of flags is worth having.
const MIN_BYTES: usize = 16 << 10;

/// True for a header of nothing but comments and object-like macros whose values are plain
/// numbers and shifts of them.
///
/// The test is strict and cheap: such a header holds no brace, no semicolon, and no parenthesis
/// directly behind a name, not even in a comment. One that does is read like any other.
pub(super) fn is_register_header(source: &[u8]) -> bool {
    source.len() >= MIN_BYTES
        && is_mostly_macros(&source[..MIN_BYTES])
        && !has_code(behind_licence(source))
}

/// What follows the comments a file begins with. Licences hold any character.
fn behind_licence(source: &[u8]) -> &[u8] {
    let mut rest = source.trim_ascii_start();
    while rest.starts_with(b"/*") {
        match memchr::memmem::find(rest, b"*/") {
            Some(at) => rest = rest[at + 2..].trim_ascii_start(),
            None => return &[],
        }
    }
    rest
}

/// True if most lines of `head` define macros, so that the full test is worth its time.
fn is_mostly_macros(head: &[u8]) -> bool {
    let n_macros = memchr::memmem::find_iter(head, b"#define").count();
    let n_lines = memchr::memchr_iter(b'\n', head).count();
    n_macros * 4 >= n_lines
}

fn has_code(source: &[u8]) -> bool {
    if memchr::memchr3(b'{', b';', b'}', source).is_some() {
        return true;
    }
    memchr::memchr_iter(b'(', source).any(|at| at > 0 && is_name_byte(source[at - 1]))
}
