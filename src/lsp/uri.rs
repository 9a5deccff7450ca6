//! `file:` URIs and paths.

use std::path::{Path, PathBuf};

use gen_lsp_types::Uri;

/// The path of a `file:` URI on this machine.
pub fn path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_ref().strip_prefix("file://")?;
    let path = match rest.strip_prefix("localhost/") {
        Some(_) => &rest["localhost".len()..],
        None => rest,
    };
    if !path.starts_with('/') {
        return None;
    }
    let path = path.split(['?', '#']).next()?;
    decoded(path.as_bytes())
}

/// The `file:` URI of an absolute path.
pub fn of(path: &Path) -> Uri {
    let mut text = String::from("file://");
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => text.push(byte as char),
            byte if byte.is_ascii_alphanumeric() => text.push(byte as char),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    Uri(text)
}

fn decoded(text: &[u8]) -> Option<PathBuf> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
    }
    #[cfg(not(unix))]
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for name in ["/a/b.c", "/with blank/\u{e4}%.c", "/c++/#x.h"] {
            assert_eq!(path(&of(Path::new(name))).as_deref(), Some(Path::new(name)));
        }
    }

    #[test]
    fn other_uris_have_no_path() {
        for uri in [
            "untitled:1",
            "file:/a",
            "file://host/a",
            "http://a/b",
            "file:///%2",
            "file:///%zz",
            "file:///a%",
            "",
        ] {
            assert_eq!(path(&Uri::from(uri)), None, "{uri}");
        }
    }
}
