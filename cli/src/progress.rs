//! The progress line: one line that is drawn over, on a terminal; a line every five seconds otherwise.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kycsim_loadtest::Progress;
use kycsim_reports::figures;
use tokio::sync::watch;

/// How often a line is written where lines cannot be drawn over.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows progress until its sender is gone.
pub(crate) async fn show(mut progress: watch::Receiver<Progress>) {
    if std::io::stderr().is_terminal() {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        // A template that is a constant always parses; the default one would do as well.
        bar.set_style(ProgressStyle::with_template("{spinner:.cyan} {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
        while progress.changed().await.is_ok() {
            bar.set_message(line(&progress.borrow_and_update()));
            bar.tick();
        }
        bar.finish_and_clear();
    } else {
        let mut written = Duration::ZERO;
        while progress.changed().await.is_ok() {
            let now = progress.borrow_and_update();
            if now.elapsed >= written + LINE_EVERY {
                written = now.elapsed;
                write_line(&line(&now));
            }
        }
    }
}

#[expect(clippy::print_stderr, reason = "progress belongs on standard error")]
fn write_line(line: &str) {
    eprintln!("{line}");
}

fn line(progress: &Progress) -> String {
    let Progress {
        elapsed,
        arrived,
        in_flight,
        awaiting_decision: _,
        approved,
        rejected,
        abandoned,
        in_review,
        queue_depth,
        decision_latency_p50,
        decision_latency_p95,
        incidents,
        settling,
    } = progress;
    let queue = queue_depth.map_or_else(|| "?".to_owned(), |depth| depth.to_string());
    let mut line = format!(
        "{:>3} s  arrived {arrived}  in flight {in_flight}  approved {approved}  rejected {rejected}  in review {in_review}  abandoned {abandoned}  queue {queue}",
        elapsed.as_secs()
    );
    if let (Some(p50), Some(p95)) = (decision_latency_p50, decision_latency_p95) {
        // Writing into a String cannot fail.
        let _ = write!(line, "  decision p50 {} p95 {}", figures::duration(p50.as_secs_f64()), figures::duration(p95.as_secs_f64()));
    }
    if !incidents.is_empty() {
        let _ = write!(line, "  ! {}", incidents.join(", "));
    }
    if *settling {
        line.push_str("  (arrivals over)");
    }
    line
}
