//! Progress: two lines that are drawn over, on a terminal (so that 80 columns show it all); a line every five seconds otherwise.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use kycsim_loadtest::Progress;
use kycsim_reports::figures;
use tokio::sync::watch;

/// How often a line is written where lines cannot be drawn over.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows progress until its sender is gone.
pub(crate) async fn show(mut progress: watch::Receiver<Progress>) {
    if std::io::stderr().is_terminal() {
        let lines = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let [counts, state] = ["{spinner:.cyan} {wide_msg}", "  {wide_msg}"].map(|template| {
            // A template that is a constant always parses; the default one would do as well.
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
            lines.add(ProgressBar::no_length().with_style(style))
        });
        while progress.changed().await.is_ok() {
            let now = progress.borrow_and_update();
            counts.set_message(count_line(&now));
            state.set_message(state_line(&now));
            counts.tick();
        }
        counts.finish_and_clear();
        state.finish_and_clear();
    } else {
        let mut written = Duration::ZERO;
        while progress.changed().await.is_ok() {
            let now = progress.borrow_and_update();
            if now.elapsed >= written + LINE_EVERY {
                written = now.elapsed;
                write_line(&format!("{}  {}", count_line(&now), state_line(&now)));
            }
        }
    }
}

#[expect(clippy::print_stderr, reason = "progress belongs on standard error")]
fn write_line(line: &str) {
    eprintln!("{line}");
}

/// Who came, and what became of them.
fn count_line(progress: &Progress) -> String {
    format!(
        "{:>3} s  arrived {}  in flight {}  approved {}  rejected {}  abandoned {}",
        progress.elapsed.as_secs(),
        progress.arrived,
        progress.in_flight,
        progress.approved,
        progress.rejected,
        progress.abandoned
    )
}

/// How things stand: the cases in review and those of them that wait, the decision latency so far, and what is going wrong on purpose.
fn state_line(progress: &Progress) -> String {
    let queue = progress.queue_depth.map_or_else(|| "?".to_owned(), |depth| depth.to_string());
    let mut line = format!("in review {}  queue {queue}", progress.in_review);
    if let (Some(p50), Some(p95)) = (progress.decision_latency_p50, progress.decision_latency_p95) {
        // Writing into a String cannot fail.
        let _ = write!(line, "  decision p50 {} p95 {}", figures::duration(p50.as_secs_f64()), figures::duration(p95.as_secs_f64()));
    }
    if !progress.incidents.is_empty() {
        let _ = write!(line, "  ! {}", progress.incidents.join(", "));
    }
    if progress.settling {
        line.push_str("  (arrivals over)");
    }
    line
}
