//! The journal itself: the latest entries, in order, within two bounds.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use kycsim_scenarios::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::entry::{Entry, Recorded, RecordedDelivery, RecordedRequest};
use super::filter::Filter;

/// How many entries one page has, at most: a page is an answer that somebody holds in memory.
pub const PAGE_MAX: usize = 1000;

/// How many entries are copied (as pointers) in one go with the lock held: a few microseconds.
const CHUNK: usize = 256;

/// How much a journal keeps. At either bound the oldest entries make room; they are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalLimits {
    /// How many entries; none: the journal is off, and only counts. Default: 10,000.
    pub entries: usize,
    /// How many bytes, near enough; a callback's body counts in every try, although it is kept once. Default: 16 MiB.
    pub bytes: usize,
}

impl Default for JournalLimits {
    fn default() -> Self {
        Self { entries: 10_000, bytes: 16 * 1024 * 1024 }
    }
}

/// The latest requests and deliveries of one tenant. Everybody may write and read at any time.
#[derive(Debug)]
pub struct Journal {
    limits: JournalLimits,
    /// A plain mutex of its own: it is held to move pointers, never while matching, writing out or waiting.
    ring: Mutex<Ring>,
    written: Notify,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Kept>,
    /// Of all that is kept.
    bytes: usize,
    /// The sequence of the last entry ever written.
    last: u64,
}

#[derive(Debug)]
struct Kept {
    entry: Arc<Entry>,
    bytes: usize,
}

/// Some of a journal, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Page {
    /// Those that were asked for.
    pub entries: Vec<Arc<Entry>>,
    /// The cursor with which to go on.
    pub next: u64,
    /// How many entries after the cursor were dropped before they could be read, whatever they were.
    pub missed: u64,
}

impl Journal {
    /// Returns an empty journal.
    #[must_use]
    pub fn new(limits: JournalLimits) -> Self {
        Self { limits, ring: Mutex::default(), written: Notify::new() }
    }

    /// Returns an empty journal that counts on from `last`: the entries up to there were another process's, and count as dropped.
    pub(crate) fn resumed(limits: JournalLimits, last: u64) -> Self {
        Self { ring: Mutex::new(Ring { last, ..Ring::default() }), ..Self::new(limits) }
    }

    /// Writes down a request, and returns its place. `at` is the tenant's time, `wall` the time of day.
    pub fn record_request(&self, at: SimTime, wall: Timestamp, request: RecordedRequest) -> u64 {
        self.record(at, wall, Recorded::Request(request))
    }

    /// Writes down a try of a delivery, and returns its place. `at` is the tenant's time, `wall` the time of day.
    pub fn record_delivery(&self, at: SimTime, wall: Timestamp, delivery: RecordedDelivery) -> u64 {
        self.record(at, wall, Recorded::Delivery(delivery))
    }

    fn record(&self, at: SimTime, wall: Timestamp, what: Recorded) -> u64 {
        let bytes = what.bytes();
        let mut entry = Arc::new(Entry { sequence: 0, at, wall, what });
        let mut ring = self.ring();
        ring.last += 1;
        let sequence = ring.last;
        // Numbered here, so that the order of the numbers is the order of the ring; allocated above, so that the lock is short. Nobody shares it yet.
        if let Some(entry) = Arc::get_mut(&mut entry) {
            entry.sequence = sequence;
        }
        ring.bytes += bytes;
        ring.entries.push_back(Kept { entry, bytes });
        let mut oldest = ring.pop_beyond(self.limits);
        drop(ring);
        self.written.notify_waiters();
        // What makes room is freed without the lock, one after another: mostly it is one.
        while oldest.is_some() {
            oldest = self.ring().pop_beyond(self.limits);
        }
        sequence
    }

    /// Returns the entries after `cursor` that `filter` lets through: at most `limit`, at most [`PAGE_MAX`].
    ///
    /// Begin with cursor 0, go on with [`Page::next`]: no entry comes twice, and none is left out without being counted in [`Page::missed`]. A cursor
    /// beyond the last entry, from another journal, comes back as the last.
    #[must_use]
    pub fn since(&self, cursor: u64, limit: usize, filter: &Filter) -> Page {
        let limit = limit.clamp(1, PAGE_MAX);
        let mut page = Page { entries: Vec::new(), next: cursor, missed: 0 };
        loop {
            let chunk = self.chunk(page.next);
            page.missed += chunk.missed;
            page.next = chunk.cursor;
            if chunk.entries.is_empty() {
                return page;
            }
            for entry in chunk.entries {
                page.next = entry.sequence;
                if filter.lets_through(&entry) {
                    page.entries.push(entry);
                    if page.entries.len() == limit {
                        return page;
                    }
                }
            }
        }
    }

    /// Returns the latest entries that `filter` lets through, oldest first: at most `limit`, at most [`PAGE_MAX`]. [`Journal::since`] goes on from there.
    #[must_use]
    pub fn latest(&self, limit: usize, filter: &Filter) -> Page {
        let limit = limit.clamp(1, PAGE_MAX);
        let (mut found, mut before) = (Vec::new(), self.last());
        let next = before;
        while found.len() < limit {
            let chunk = self.chunk_up_to(before);
            let Some(oldest) = chunk.first() else { break };
            before = oldest.sequence - 1;
            found.extend(chunk.into_iter().rev().filter(|entry| filter.lets_through(entry)));
        }
        found.truncate(limit);
        found.reverse();
        Page { entries: found, next, missed: 0 }
    }

    /// Returns the last few entries up to and with `last`, oldest first.
    fn chunk_up_to(&self, last: u64) -> Vec<Arc<Entry>> {
        let ring = self.ring();
        let end = usize::try_from(last.min(ring.last).saturating_sub(ring.dropped())).unwrap_or(usize::MAX);
        ring.entries.range(end.saturating_sub(CHUNK)..end).map(|kept| Arc::clone(&kept.entry)).collect()
    }

    /// Returns the next few entries after `cursor`.
    pub(super) fn chunk(&self, cursor: u64) -> Chunk {
        let ring = self.ring();
        let cursor = cursor.min(ring.last);
        let dropped = ring.dropped();
        let from = cursor.max(dropped);
        let skip = usize::try_from(from - dropped).unwrap_or(usize::MAX);
        let entries = ring.entries.range(skip.min(ring.entries.len())..).take(CHUNK).map(|kept| Arc::clone(&kept.entry)).collect();
        Chunk { entries, cursor: from, missed: from - cursor }
    }

    /// The place of the last entry; 0 when none was ever written.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.ring().last
    }

    /// How many entries were dropped, because there were too many to keep.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.ring().dropped()
    }

    /// Forgets all entries. They count as dropped, and the sequence goes on: a reader in the middle learns what it missed.
    pub fn clear(&self) {
        let mut ring = self.ring();
        ring.bytes = 0;
        let forgotten = std::mem::take(&mut ring.entries);
        drop(ring);
        drop(forgotten); // without the lock
    }

    /// Waits until there is an entry after `cursor`.
    pub async fn written(&self, cursor: u64) {
        loop {
            let mut written = std::pin::pin!(self.written.notified());
            written.as_mut().enable(); // before looking, so that nothing is written unnoticed in between
            if self.last() > cursor {
                return;
            }
            written.await;
        }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        // Whoever panicked with the lock left a whole ring behind: nothing in it can be half done.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A few entries in a row.
pub(super) struct Chunk {
    pub(super) entries: Vec<Arc<Entry>>,
    /// Where they begin: after what was read, and after what was missed.
    pub(super) cursor: u64,
    pub(super) missed: u64,
}

impl Ring {
    fn pop_beyond(&mut self, limits: JournalLimits) -> Option<Kept> {
        if self.entries.len() <= limits.entries && self.bytes <= limits.bytes {
            return None;
        }
        let oldest = self.entries.pop_front()?;
        self.bytes -= oldest.bytes;
        Some(oldest)
    }

    /// Entries have no gaps, so this is also the sequence of the last one that is gone.
    fn dropped(&self) -> u64 {
        self.last - self.entries.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::journal::Body;
    use crate::journal::entry::samples::{request, write};

    fn sequences(page: &Page) -> Vec<u64> {
        page.entries.iter().map(|entry| entry.sequence).collect()
    }

    #[test]
    fn the_oldest_make_room() {
        let journal = Journal::new(JournalLimits { entries: 3, ..JournalLimits::default() });
        for _ in 0..5 {
            write(&journal, request("GET", "/v1/sessions/1"));
        }
        let page = journal.since(0, 10, &Filter::default());
        assert_eq!((sequences(&page), page.next, page.missed), (vec![3, 4, 5], 5, 2));
        assert_eq!((journal.last(), journal.dropped()), (5, 2));
    }

    #[test]
    fn an_entry_beyond_the_bound_in_bytes_is_not_kept() {
        let journal = Journal::new(JournalLimits { entries: 10, bytes: 4096 });
        write(&journal, request("GET", "/v1/sessions/1"));
        write(&journal, RecordedRequest { body: Body::copied(&[b'x'; 5000], None), ..request("POST", "/v1/sessions") });
        let page = journal.since(0, 10, &Filter::default());
        assert_eq!((sequences(&page), page.missed), (vec![], 2));
        assert_eq!(journal.ring().bytes, 0);
    }

    #[test]
    fn a_journal_that_is_off_only_counts() {
        let journal = Journal::new(JournalLimits { entries: 0, ..JournalLimits::default() });
        assert_eq!(write(&journal, request("GET", "/")), 1);
        assert_eq!((journal.last(), journal.dropped()), (1, 1));
    }

    #[test]
    fn what_is_cleared_is_missed_by_a_reader() {
        let journal = Journal::new(JournalLimits::default());
        write(&journal, request("GET", "/1"));
        journal.clear();
        write(&journal, request("GET", "/2"));
        let page = journal.since(0, 10, &Filter::default());
        assert_eq!((sequences(&page), page.missed), (vec![2], 1));
    }

    #[test]
    fn a_cursor_from_elsewhere_comes_back_as_the_last() {
        let journal = Journal::new(JournalLimits::default());
        write(&journal, request("GET", "/1"));
        let page = journal.since(u64::MAX, 10, &Filter::default());
        assert_eq!((page.entries.len(), page.next, page.missed), (0, 1, 0));
    }

    #[test]
    fn the_latest_are_the_last_in_their_order() {
        let journal = Journal::new(JournalLimits { entries: 700, ..JournalLimits::default() });
        let posts = Filter { method: Some("POST".to_owned()), ..Filter::default() };
        assert_eq!(sequences(&journal.latest(5, &posts)), [0; 0]);
        for number in 1..=1000 {
            write(&journal, request(if number % 300 == 0 { "POST" } else { "GET" }, "/"));
        }
        let latest = journal.latest(3, &Filter::default());
        assert_eq!((sequences(&latest), latest.next, latest.missed), (vec![998, 999, 1000], 1000, 0));
        assert_eq!(sequences(&journal.latest(1, &posts)), [900]);
        assert_eq!(sequences(&journal.latest(5, &posts)), [600, 900], "the one before was dropped");
        assert_eq!(journal.latest(1000, &Filter::default()).entries.len(), 700);
    }

    #[tokio::test]
    async fn a_reader_is_woken_by_what_is_written() {
        let journal = Arc::new(Journal::new(JournalLimits::default()));
        let reader = tokio::spawn({
            let journal = Arc::clone(&journal);
            async move { journal.written(0).await }
        });
        tokio::task::yield_now().await;
        assert!(!reader.is_finished());
        write(&journal, request("GET", "/1"));
        tokio::time::timeout(std::time::Duration::from_secs(10), reader).await.expect("it is woken").unwrap();
    }

    #[derive(Debug, Clone)]
    enum Step {
        Write { body: usize },
        Read { limit: usize, only_posts: bool },
        Clear,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            8 => (0_usize..2000).prop_map(|body| Step::Write { body }),
            3 => (1_usize..5, any::<bool>()).prop_map(|(limit, only_posts)| Step::Read { limit, only_posts }),
            1 => Just(Step::Clear),
        ];
        prop::collection::vec(step, 0..100)
    }

    proptest! {
        #[test]
        fn what_is_kept_is_the_latest_within_the_bounds(entries in 0_usize..20, bytes in 0_usize..20_000, steps in steps()) {
            let journal = Journal::new(JournalLimits { entries, bytes });
            for step in steps {
                if let Step::Write { body } = step {
                    let last = write(&journal, RecordedRequest { body: Body::copied(&vec![b'x'; body], None), ..request("POST", "/") });
                    let ring = journal.ring();
                    let kept: Vec<_> = ring.entries.iter().map(|kept| kept.entry.sequence).collect();
                    prop_assert_eq!(kept, (last - ring.entries.len() as u64 + 1..=last).collect::<Vec<_>>());
                    prop_assert!(ring.entries.len() <= entries && ring.bytes <= bytes);
                    prop_assert_eq!(ring.bytes, ring.entries.iter().map(|kept| kept.entry.what.bytes()).sum::<usize>());
                }
            }
        }

        #[test]
        fn a_tail_reads_or_misses_each_entry_once(entries in 0_usize..20, steps in steps()) {
            let journal = Journal::new(JournalLimits { entries, ..JournalLimits::default() });
            let (mut cursor, mut read, mut missed) = (0, Vec::new(), 0);
            for step in steps {
                match step {
                    Step::Write { .. } => { write(&journal, request("POST", "/")); }
                    Step::Clear => journal.clear(),
                    Step::Read { limit, only_posts } => {
                        let filter = Filter { method: only_posts.then(|| "POST".to_owned()), ..Filter::default() };
                        let page = journal.since(cursor, limit, &filter);
                        prop_assert!(page.entries.len() <= limit);
                        prop_assert!(page.next >= cursor);
                        read.extend(sequences(&page));
                        missed += page.missed;
                        cursor = page.next;
                        prop_assert_eq!(read.len() as u64 + missed, cursor, "all up to the cursor was read or missed");
                    }
                }
            }
            prop_assert!(read.is_sorted_by(|earlier, later| earlier < later));
        }

        #[test]
        fn any_cursor_accounts_for_all_after_it(entries in 0_usize..20, writes in 0_u64..40, cursor in 0_u64..50) {
            let journal = Journal::new(JournalLimits { entries, ..JournalLimits::default() });
            for number in 0..writes {
                write(&journal, request(if number % 2 == 0 { "GET" } else { "POST" }, "/"));
            }
            let page = journal.since(cursor, PAGE_MAX, &Filter::default());
            prop_assert_eq!(page.missed + page.entries.len() as u64, writes.saturating_sub(cursor));
            prop_assert_eq!(page.next, writes);
            let posts = journal.since(cursor, PAGE_MAX, &Filter { method: Some("POST".to_owned()), ..Filter::default() });
            let expected: Vec<_> = sequences(&page).into_iter().filter(|sequence| sequence % 2 == 0).collect();
            prop_assert_eq!(sequences(&posts), expected);
            prop_assert_eq!(posts.missed, page.missed);
        }
    }
}
