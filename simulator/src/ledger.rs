//! The ledger as it is kept: bounded in memory, complete for whoever listens.

use std::collections::VecDeque;
use std::sync::Arc;

use kycsim_scenarios::ledger::LedgerEntry;

use crate::counts::Counters;

/// Listens to the ledger as it is written.
///
/// It is called in the order of the ledger, with the vendor's lock held: hand the entry on (to a channel, a buffer) and return at once.
pub trait LedgerSink: Send + Sync {
    /// Takes note of one entry.
    fn record(&self, entry: &LedgerEntry);
}

impl<F: Fn(&LedgerEntry) + Send + Sync> LedgerSink for F {
    fn record(&self, entry: &LedgerEntry) {
        self(entry);
    }
}

/// The latest entries, and who listens.
pub(crate) struct Ledger {
    entries: VecDeque<LedgerEntry>,
    /// How many were ever written.
    written: u64,
    /// How many entries are kept; the oldest make room.
    keeps: usize,
    sink: Option<Arc<dyn LedgerSink>>,
    counters: Arc<Counters>,
}

impl Ledger {
    pub(crate) fn new(keeps: usize, sink: Option<Arc<dyn LedgerSink>>, counters: Arc<Counters>) -> Self {
        Self { entries: VecDeque::new(), written: 0, keeps, sink, counters }
    }

    pub(crate) fn write(&mut self, entry: LedgerEntry) {
        self.written += 1;
        if let Some(sink) = &self.sink {
            sink.record(&entry);
        }
        if self.entries.len() >= self.keeps {
            self.counters.ledger_dropped.add(1);
            if self.entries.pop_front().is_none() {
                return; // it keeps nothing at all
            }
        }
        self.entries.push_back(entry);
    }

    /// Returns the next few entries after the first `cursor` that were ever written, and the cursor with which to go on.
    pub(crate) fn after(&self, cursor: u64, most: usize) -> (Vec<LedgerEntry>, u64) {
        let dropped = self.written - self.entries.len() as u64;
        let from = cursor.clamp(dropped, self.written);
        let skip = usize::try_from(from - dropped).unwrap_or(usize::MAX);
        let entries: Vec<LedgerEntry> = self.entries.iter().skip(skip).take(most).cloned().collect();
        let next = from + entries.len() as u64;
        (entries, next)
    }

    /// Takes back in what was written before. Nobody who listens hears of it again.
    pub(crate) fn resume(&mut self, entries: Vec<LedgerEntry>) {
        let beyond = entries.len().saturating_sub(self.keeps);
        self.counters.ledger_dropped.add(beyond as u64);
        self.entries = entries.into_iter().skip(beyond).collect();
        self.written = self.counters.ledger_dropped.read() + self.entries.len() as u64; // so that a cursor of before points where it did
    }

    /// Returns what is kept, oldest first.
    pub(crate) fn entries(&self) -> Vec<LedgerEntry> {
        self.entries.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use kycsim_scenarios::ledger::LedgerEvent;
    use kycsim_scenarios::{ApplicantKey, SimTime};

    use super::*;

    fn entry(number: u64) -> LedgerEntry {
        let event = LedgerEvent::SessionCreated;
        LedgerEntry { at: SimTime::from_micros(number), session: "".into(), applicant: ApplicantKey::numbered(number), event }
    }

    #[track_caller]
    fn check(keeps: usize, expected: &[u64]) {
        let seen = Arc::new(Mutex::new(0));
        let counters = Arc::new(Counters::default());
        let listener = Arc::clone(&seen);
        let sink = move |_: &LedgerEntry| *listener.lock().unwrap() += 1;
        let mut ledger = Ledger::new(keeps, Some(Arc::new(sink)), Arc::clone(&counters));
        for number in 0..5 {
            ledger.write(entry(number));
        }
        let kept: Vec<u64> = ledger.entries().iter().map(|entry| entry.at.as_micros()).collect();
        assert_eq!(kept, expected);
        assert_eq!(*seen.lock().unwrap(), 5, "the sink sees everything");
        assert_eq!(counters.ledger_dropped.read(), 5 - expected.len() as u64);
        let (mut paged, mut cursor) = (Vec::new(), 0);
        loop {
            let (page, next) = ledger.after(cursor, 2);
            paged.extend(page.iter().map(|entry| entry.at.as_micros()));
            cursor = next;
            if page.is_empty() {
                break;
            }
        }
        assert_eq!((&paged[..], cursor), (expected, 5));
    }

    #[test]
    fn the_oldest_make_room() {
        check(5, &[0, 1, 2, 3, 4]);
        check(2, &[3, 4]);
        check(0, &[]);
    }
}
