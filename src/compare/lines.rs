//! Which lines of a file became which.

use imara_diff::{Algorithm, Diff, InternedInput};

/// The difference between two versions of a file, by lines from 1.
#[derive(Clone, Debug, Default)]
pub struct LineMap {
    hunks: Vec<Hunk>,
}

/// Lines that were replaced; the ends are exclusive, and either side may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hunk {
    /// In the old version.
    pub old: (u32, u32),
    /// In the new version.
    pub new: (u32, u32),
}

impl LineMap {
    /// Compares two contents.
    pub fn new(old: &[u8], new: &[u8]) -> LineMap {
        let input = InternedInput::new(old, new);
        let mut diff = Diff::compute(Algorithm::Histogram, &input);
        diff.postprocess_lines(&input);
        let hunks = diff.hunks().map(|hunk| Hunk {
            old: (hunk.before.start + 1, hunk.before.end + 1),
            new: (hunk.after.start + 1, hunk.after.end + 1),
        });
        LineMap {
            hunks: hunks.collect(),
        }
    }

    /// Where a line of the old version is now; `None` if it is gone.
    pub fn to_new(&self, line: u32) -> Option<u32> {
        let at = self.hunks.partition_point(|hunk| hunk.old.1 <= line);
        if self.hunks.get(at).is_some_and(|hunk| hunk.old.0 <= line) {
            return None;
        }
        Some(match at.checked_sub(1).map(|before| self.hunks[before]) {
            Some(before) => line - before.old.1 + before.new.1,
            None => line,
        })
    }

    /// What was replaced.
    pub fn hunks(&self) -> &[Hunk] {
        &self.hunks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_followed() {
        let map = LineMap::new(b"a\nb\nc\nd\ne\n", b"a\nc\nd\nx\ny\ne\n");
        let new: Vec<_> = (1..=5).map(|line| map.to_new(line)).collect();
        assert_eq!(new, [Some(1), None, Some(2), Some(3), Some(6)]);
        let removed = map.hunks()[0];
        assert_eq!((removed.old, removed.new), ((2, 3), (2, 2)));
    }
}
