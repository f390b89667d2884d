//! `kycsim vendor --state`: where the vendor goes on from, and what it leaves behind.

use std::path::Path;
use std::time::Duration;

use kycsim_simulator::{Snapshot, Vendor, VendorConfig};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::exit::Failure;

/// Starts the vendor, from the file if there is one. The file is written at once, so that a path that cannot be written to shows now, and not at the end
/// of a long rehearsal.
pub(super) fn start(
    config: VendorConfig,
    state: Option<&Path>,
    listener: TcpListener,
    stop: &CancellationToken,
) -> Result<Vendor, Failure> {
    let Some(path) = state else { return Vendor::start(config, listener, stop).map_err(Failure::usage) };
    let vendor = if path.exists() {
        let snapshot = Snapshot::read(path).map_err(Failure::usage)?;
        Vendor::start_from(config, snapshot, listener, stop).map_err(Failure::usage)?
    } else {
        Vendor::start(config, listener, stop).map_err(Failure::usage)?
    };
    write(&vendor.snapshot(), path)?;
    Ok(vendor)
}

/// Lets the vendor end what is under way, and writes how it then stands.
pub(super) async fn end(vendor: Vendor, state: Option<&Path>, within: Duration) -> Result<(), Failure> {
    let Some(path) = state else {
        vendor.shutdown(within).await;
        return Ok(());
    };
    let (_, snapshot) = vendor.shutdown_to_snapshot(within).await;
    write(&snapshot, path)
}

fn write(snapshot: &Snapshot, path: &Path) -> Result<(), Failure> {
    snapshot.write(path).map_err(|error| Failure::Broken(error.into()))
}
