//! How does a person see that work goes on?
//!
//! On a terminal by a bar that goes away, elsewhere by a line in the log for each stage.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::args::Global;
use super::log;
use crate::progress::Progress;

/// A bar on a terminal, otherwise lines in the log.
pub(super) fn for_people(global: &Global) -> Box<dyn Progress> {
    if log::shows_bar(global) { Box::new(Bar::default()) } else { Box::new(Lines::default()) }
}

/// A bar or spinner on stderr.
#[derive(Debug, Default)]
struct Bar {
    bar: Mutex<Option<ProgressBar>>,
}

impl Bar {
    fn with(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        act(&mut self.bar.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Progress for Bar {
    fn begin(&self, stage: &str, total: u64) {
        let bar = if total == 0 { ProgressBar::new_spinner() } else { ProgressBar::new(total) };
        let form = if total == 0 {
            "{spinner} {msg:<24} {elapsed}"
        } else {
            "{msg:<24} {wide_bar} {human_pos}/{human_len} {eta}"
        };
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        bar.set_message(stage.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        self.with(|held| {
            if let Some(earlier) = held.replace(bar) {
                earlier.finish_and_clear();
            }
        });
    }

    fn advance(&self, done: u64) {
        self.with(|held| held.iter().for_each(|bar| bar.inc(done)));
    }

    fn finish(&self, _summary: &str) {
        self.with(|held| held.take().iter().for_each(ProgressBar::finish_and_clear));
    }
}

/// A line at the beginning and end of a stage.
#[derive(Debug, Default)]
struct Lines {
    stage: Mutex<Option<(String, Instant)>>,
}

impl Progress for Lines {
    fn begin(&self, stage: &str, total: u64) {
        tracing::debug!(stage, total, "begins");
        let mut held = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some((stage.to_owned(), Instant::now()));
    }

    fn advance(&self, _done: u64) {}

    fn finish(&self, summary: &str) {
        let held = self.stage.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((stage, since)) = held {
            let seconds = (since.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
            tracing::info!(stage, seconds, "{summary}");
        }
    }
}
