//! Kernel trees to test on.
//!
//! A test that needs one is reported as ignored where there is none, with what to do about it;
//! with `PTELINT_REQUIRE_TREES` set it fails instead.

use std::path::{Path, PathBuf};

/// A version that tests are written for.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// As in the name of the package.
    pub version: &'static str,
    variable: &'static str,
}

pub const LINUX_6_12: Kernel = Kernel {
    version: "6.12",
    variable: "PTELINT_LINUX",
};

pub const LINUX_6_1: Kernel = Kernel {
    version: "6.1",
    variable: "PTELINT_LINUX_6_1",
};

impl Kernel {
    /// Where its tree is: where the environment says, else where `scripts/unpack-kernel` puts it.
    pub fn tree(self) -> Option<PathBuf> {
        let asked_for = std::env::var_os(self.variable).filter(|value| !value.is_empty());
        if let Some(path) = asked_for.map(PathBuf::from) {
            let is_tree = path.join("MAINTAINERS").is_file();
            assert!(
                is_tree,
                "{}={}: not a kernel tree",
                self.variable,
                path.display()
            );
            return Some(path);
        }
        let unpacked = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("kernels")
            .join(format!("linux-source-{}", self.version));
        unpacked.join("MAINTAINERS").is_file().then_some(unpacked)
    }

    /// A test on this tree for `libtest_mimic`.
    pub fn trial(
        self,
        name: &str,
        test: impl FnOnce(&Path) + Send + 'static,
    ) -> libtest_mimic::Trial {
        let name = format!("linux_{}::{name}", self.version.replace('.', "_"));
        let Some(tree) = self.tree() else {
            let advice = format!(
                "needs Linux {}: scripts/unpack-kernel {0}, or set {}",
                self.version, self.variable
            );
            let is_required = std::env::var_os("PTELINT_REQUIRE_TREES").is_some();
            let failure = advice.clone();
            return libtest_mimic::Trial::test(name, move || Err(failure.into()))
                .with_kind(advice)
                .with_ignored_flag(!is_required);
        };
        libtest_mimic::Trial::test(name, move || {
            test(&tree);
            Ok(())
        })
    }
}
