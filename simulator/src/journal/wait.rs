//! Waiting for the journal instead of asking it again and again.

use std::future::Future;
use std::pin::pin;

use super::pattern::Pattern;
use super::ring::Journal;
use super::times::Times;
use super::verify::{Tally, Verification};

impl Journal {
    /// Waits until the entries that `pattern` means are as many as `times` wants, or until `deadline` is over.
    ///
    /// What stands in the journal already counts. The answer says which of the two it was ([`Verification::satisfied`]), and when it was the deadline,
    /// what came nearest. It comes before the deadline, too, when there are already more than there may be: nothing can help then. An entry that was
    /// counted stays counted when it is dropped.
    pub async fn wait_until(&self, pattern: &Pattern, times: Times, deadline: impl Future<Output = ()>) -> Verification {
        let mut tally = Tally::new(pattern, times);
        let mut deadline = pin!(deadline);
        loop {
            tally.read(self);
            if tally.is_satisfied() || tally.is_hopeless() {
                return tally.finish();
            }
            tokio::select! {
                biased; // what is there already wins over a deadline that is over
                () = self.written(tally.cursor) => {}
                () = &mut deadline => return tally.finish(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::sync::Arc;
    use std::time::Duration;

    use kycsim_scenarios::ledger::DeliveryResult;

    use super::*;
    use crate::journal::entry::samples::{delivery, request, write};
    use crate::journal::{DeliveryPattern, JournalLimits, RequestPattern, ResultWord};

    fn accepted() -> Pattern {
        DeliveryPattern::default().session("ses_1").result(ResultWord::Accepted).into()
    }

    #[tokio::test]
    async fn what_is_there_already_is_enough() {
        let journal = Journal::new(JournalLimits::default());
        write(&journal, delivery(DeliveryResult::Accepted { status: 200 }));
        assert!(journal.wait_until(&accepted(), Times::at_least(1), ready(())).await.satisfied);
    }

    #[tokio::test]
    async fn it_ends_with_the_entry_that_was_missing() {
        let journal = Arc::new(Journal::new(JournalLimits { entries: 1, ..JournalLimits::default() }));
        let waiting = tokio::spawn({
            let journal = Arc::clone(&journal);
            async move { journal.wait_until(&accepted(), Times::exactly(2), pending()).await }
        });
        for status in [200, 503, 200] {
            tokio::task::yield_now().await;
            assert!(!waiting.is_finished());
            let result = if status == 200 { DeliveryResult::Accepted { status } } else { DeliveryResult::Refused { status } };
            write(&journal, delivery(result));
        }
        let verification = tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("it ends").unwrap();
        assert_eq!((verification.found, verification.satisfied, verification.dropped), (2, true, 0));
    }

    #[tokio::test]
    async fn at_the_deadline_it_says_what_came_nearest() {
        let journal = Journal::new(JournalLimits::default());
        write(&journal, delivery(DeliveryResult::Refused { status: 503 }));
        write(&journal, request("GET", "/"));
        let verification = journal.wait_until(&accepted(), Times::at_least(1), ready(())).await;
        assert!(!verification.satisfied);
        assert!(verification.nearest.is_some_and(|nearest| nearest.contains("Result: refused")), "the delivery, not the request");
    }

    #[tokio::test]
    async fn what_is_too_often_already_is_not_waited_for() {
        let journal = Journal::new(JournalLimits::default());
        write(&journal, request("GET", "/"));
        write(&journal, request("GET", "/"));
        let verification = journal.wait_until(&RequestPattern::default().into(), Times::exactly(1), pending()).await;
        assert_eq!((verification.found, verification.satisfied), (2, false));
    }
}
