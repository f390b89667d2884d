//! The one task that performs what falls due: take it, do it, see to the next.

use std::sync::Arc;

use kycsim_scenarios::ledger::DeliveryResult;
use tokio_util::task::TaskTracker;
use tracing::debug;

use crate::callbacks::{Courier, Delivery, deliver};
use crate::tenant::{Carrying, Tenant};

/// How much is done before others may have the lock.
const AT_ONCE: usize = 64;

/// Performs what falls due until the tenant stops. Deliveries run beside it, as tasks of `tasks`, and are cut short when it is killed only.
pub(crate) async fn drive(tenant: Arc<Tenant>, courier: Courier, tasks: TaskTracker) {
    while !tenant.stop.is_cancelled() {
        let next = tenant.step(AT_ONCE, |carrying, delivery| {
            let kill = tenant.kill.clone();
            let carried = carry(carrying, courier.clone(), delivery);
            tasks.spawn(async move { kill.run_until_cancelled(carried).await });
        });
        if next.is_some_and(|next| next <= tenant.clock.now()) {
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            () = tenant.wait_for_work(next) => {}
            () = tenant.stop.cancelled() => {}
        }
    }
}

/// Carries one delivery, and then those that waited for its place, until there is none or the tenant stops.
async fn carry(tenant: Carrying, courier: Courier, first: Delivery) {
    let mut next = Some(first);
    while let Some(delivery) = next {
        let event = Arc::clone(&delivery.sending.event);
        let began = tenant.clock.now();
        let sealed = tenant.seal(&delivery);
        let since = tenant.clock.stopwatch();
        let result = deliver(&courier, &tenant.clock, &event, &sealed).await;
        tenant.record(&delivery, &sealed, began, since.elapsed(), &result);
        if !matches!(result, DeliveryResult::Accepted { .. }) {
            debug!(session = %event.session, callback = event.id, attempt = delivery.sending.failed + 1, ?result, "callback refused");
        }
        next = tenant.delivered(delivery, began, result).filter(|_| !tenant.stop.is_cancelled());
    }
}
