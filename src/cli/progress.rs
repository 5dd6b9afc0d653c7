//! How does a person at a terminal see that work goes on?

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::progress::Progress;

/// A bar or spinner on stderr, if that is a terminal; otherwise lines in the log.
#[derive(Debug)]
pub(super) struct Terminal {
    bar: Mutex<Option<ProgressBar>>,
    shown: bool,
}

impl Terminal {
    pub(super) fn new(quiet: bool) -> Terminal {
        Terminal { bar: Mutex::new(None), shown: !quiet && std::io::stderr().is_terminal() }
    }
}

impl Progress for Terminal {
    fn begin(&self, stage: &str, total: u64) {
        tracing::info!(stage, total, "begins");
        if !self.shown {
            return;
        }
        let bar = if total == 0 { ProgressBar::new_spinner() } else { ProgressBar::new(total) };
        let form = if total == 0 { "{spinner} {msg}" } else { "{msg:<24} {wide_bar} {human_pos}/{human_len}" };
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        bar.set_message(stage.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        if let Ok(mut held) = self.bar.lock() {
            *held = Some(bar);
        }
    }

    fn advance(&self, done: u64) {
        if let Ok(held) = self.bar.lock()
            && let Some(bar) = held.as_ref()
        {
            bar.inc(done);
        }
    }

    fn finish(&self, summary: &str) {
        tracing::info!(summary, "done");
        if let Ok(mut held) = self.bar.lock()
            && let Some(bar) = held.take()
        {
            bar.finish_and_clear();
        }
    }
}
