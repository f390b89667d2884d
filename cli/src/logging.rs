//! Logs go to standard error, and only when `KYCSIM_LOG` asks for them: `KYCSIM_LOG=info`, `KYCSIM_LOG=kycsim_simulator=debug`.

use tracing_subscriber::EnvFilter;

pub(crate) fn init() {
    let filter = EnvFilter::try_from_env("KYCSIM_LOG").unwrap_or_else(|_| EnvFilter::new("error"));
    // A second call in one process, as tests make, finds the first one's subscriber in place; that is as good.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
