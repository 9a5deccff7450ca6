//! Time and memory of the stages.

use std::time::Instant;

/// What a stage took.
#[derive(Clone, Debug)]
pub struct StageStats {
    /// The stage.
    pub name: &'static str,
    /// Wall time.
    pub seconds: f64,
    /// Peak of the process so far.
    pub peak_rss_bytes: Option<u64>,
}

/// Measures stages one after another. Times are told to people only; nothing depends on them.
pub struct Clock {
    last: Instant,
    stats: Vec<StageStats>,
}

impl Clock {
    /// Starts the first stage.
    pub fn start() -> Clock {
        Clock {
            last: Instant::now(),
            stats: Vec::new(),
        }
    }

    /// Ends a stage; the next one begins.
    pub fn stage(&mut self, name: &'static str) {
        let now = Instant::now();
        self.stats.push(StageStats {
            name,
            seconds: (now - self.last).as_secs_f64(),
            peak_rss_bytes: peak_rss_bytes(),
        });
        self.last = now;
    }

    /// The stages in order.
    pub fn into_stats(self) -> Vec<StageStats> {
        self.stats
    }
}

/// The largest resident size of the process so far; known on Linux only.
fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}
