//! The oldest Rust that `Cargo.toml` promises is new enough for every dependency. That this
//! crate's own code keeps to it is checked by `clippy::incompatible_msrv`.

use std::process::Command;

fn version(text: &str) -> Vec<u32> {
    let mut parts: Vec<u32> = text
        .split('.')
        .map(|part| part.parse().expect("a Rust version is numbers"))
        .collect();
    parts.resize(3, 0);
    parts
}

#[test]
fn dependencies_keep_to_the_stated_version() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata: {stderr}");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let stated = version(env!("CARGO_PKG_RUST_VERSION"));
    let too_new: Vec<String> = metadata["packages"]
        .as_array()
        .expect("a list of packages")
        .iter()
        .filter_map(|package| {
            let needs = package["rust_version"].as_str()?;
            let is_too_new = version(needs) > stated;
            is_too_new.then(|| format!("{} needs {needs}", package["name"]))
        })
        .collect();
    assert!(too_new.is_empty(), "rust-version is too old: {too_new:?}");
}
