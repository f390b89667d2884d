//! The one task that performs what falls due: take it, do it, see to the next.

use std::sync::Arc;

use kycsim_scenarios::ledger::DeliveryResult;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::debug;

use crate::callbacks::{Courier, Delivery, deliver};
use crate::tenant::Tenant;

/// How much is done before others may have the lock.
const AT_ONCE: usize = 64;

/// Performs what falls due until `stop`. Deliveries run beside it, as tasks of `tasks`, and are cut short by `kill` only.
pub(crate) async fn drive(tenant: Arc<Tenant>, courier: Courier, tasks: TaskTracker, stop: CancellationToken, kill: CancellationToken) {
    while !stop.is_cancelled() {
        let next = tenant.step(AT_ONCE, |delivery| {
            let carried = carry(Arc::clone(&tenant), courier.clone(), delivery, stop.clone());
            let kill = kill.clone();
            tasks.spawn(async move { kill.run_until_cancelled(carried).await });
        });
        if next.is_some_and(|next| next <= tenant.clock.now()) {
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            () = tenant.wait_for_work(next) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Carries one delivery, and then those that waited for its place, until there is none or the vendor stops.
async fn carry(tenant: Arc<Tenant>, courier: Courier, first: Delivery, stop: CancellationToken) {
    let mut next = Some(first);
    while let Some(delivery) = next {
        let event = Arc::clone(&delivery.sending.event);
        let began = tenant.clock.now();
        let result = deliver(&courier, tenant.dialect.as_ref(), &tenant.clock, &event).await;
        if !matches!(result, DeliveryResult::Accepted { .. }) {
            debug!(session = %event.session, callback = event.id, attempt = delivery.sending.failed + 1, ?result, "callback refused");
        }
        next = tenant.delivered(delivery, began, result).filter(|_| !stop.is_cancelled());
    }
}
