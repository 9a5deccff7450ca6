//! How far a run is, on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ptelint::pipeline::Progress;

/// A bar on stderr; nothing at all if stderr is not a terminal.
pub struct Bar(ProgressBar);

impl Bar {
    /// Draws nothing before the first stage begins.
    pub fn new() -> Bar {
        // The default target hides itself unless stderr is a terminal.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        bar.set_style(ProgressStyle::default_spinner());
        Bar(bar)
    }

    /// Takes the bar off the screen.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Progress for Bar {
    fn stage(&self, name: &'static str, steps: Option<u64>) {
        // Each of these can draw, so what the old stage left goes first.
        self.0.disable_steady_tick();
        self.0.set_message(name);
        let template = match steps {
            Some(steps) => {
                self.0.set_length(steps);
                "{msg:12} {bar:40} {pos}/{len}"
            }
            None => {
                self.0.unset_length();
                self.0.enable_steady_tick(Duration::from_millis(100));
                "{msg:12} {spinner}"
            }
        };
        self.0.set_position(0);
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
    }

    fn advance(&self, steps: u64) {
        self.0.inc(steps);
    }
}
