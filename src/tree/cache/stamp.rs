//! What counts as unchanged.

use std::fs::Metadata;
use std::time::{Duration, SystemTime};

/// What the system says of a file beside its size. A file whose stamp and size are as before holds
/// what it held, if the stamp is a settled one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// When its content was changed, in nanoseconds since 1970.
    modified: i64,
    /// When anything about it was changed, which cannot be set at will; where the system does not
    /// say that, when it was made.
    changed: i64,
    /// Which of the files of the disk it is; 0 where the system does not say that.
    inode: u64,
}

/// The coarsest clock of a file system, FAT's, has steps of two seconds, and those of file system
/// and system may differ a little.
const COARSEST_CLOCK: Duration = Duration::from_secs(3);

/// Bytes of a stamp on disk.
pub(super) const N_BYTES: usize = 24;

impl Stamp {
    /// The stamp of a file.
    #[cfg(unix)]
    pub fn of(metadata: &Metadata) -> Option<Stamp> {
        use std::os::unix::fs::MetadataExt;
        // Times too far away to fit wrap around; they stay different from each other.
        let nanoseconds =
            |seconds: i64, rest| seconds.wrapping_mul(1_000_000_000).wrapping_add(rest);
        Some(Stamp {
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        })
    }

    /// The stamp of a file.
    #[cfg(not(unix))]
    pub fn of(metadata: &Metadata) -> Option<Stamp> {
        Some(Stamp {
            modified: since_1970(metadata.modified().ok()?)?,
            changed: since_1970(metadata.created().ok()?)?,
            inode: 0,
        })
    }

    /// True if a file that is changed `now` or later gets another stamp. One that was changed just
    /// before could be changed again within one step of the clock.
    pub fn is_settled(self, now: SystemTime) -> bool {
        let last = now.checked_sub(COARSEST_CLOCK).and_then(since_1970);
        last.is_some_and(|last| self.modified.max(self.changed) < last)
    }

    pub(super) fn to_bytes(self) -> [u8; N_BYTES] {
        let mut bytes = [0; N_BYTES];
        bytes[..8].copy_from_slice(&self.modified.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.changed.to_le_bytes());
        bytes[16..].copy_from_slice(&self.inode.to_le_bytes());
        bytes
    }
}

/// In nanoseconds.
fn since_1970(time: SystemTime) -> Option<i64> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_nanos()).ok()
}
