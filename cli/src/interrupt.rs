//! Ctrl-C and SIGTERM end a run cleanly: the load stops, and what was measured is kept.

use tokio_util::sync::CancellationToken;

/// Returns a token that the first Ctrl-C or SIGTERM cancels; the second one ends the process at once.
///
/// Installed before Goose starts: whose handler comes first stays, and Goose's would end the process without a report.
pub(crate) fn on_interrupt() -> CancellationToken {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    // A handler that is there already (a second run in one process) stays; that run is then ended by the first one's.
    let _ = ctrlc::set_handler(move || {
        if cancelled.is_cancelled() {
            std::process::exit(130);
        }
        cancelled.cancel();
    });
    token
}
