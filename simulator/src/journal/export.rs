//! The journal as lines of JSON, for files and for tools that read them.

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use super::entry::Entry;
use super::filter::Filter;
use super::ring::Journal;

/// Writes each entry as one line of JSON, ended by a line feed.
///
/// # Errors
/// When `out` does not take it.
pub fn write_ndjson<E: Borrow<Entry>>(entries: impl IntoIterator<Item = E>, out: &mut impl io::Write) -> io::Result<()> {
    for entry in entries {
        serde_json::to_writer(&mut *out, entry.borrow())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// All that a journal kept when the export began, oldest first, read a few entries at a time; what is written meanwhile is not in it, so it ends.
#[derive(Debug)]
pub struct Export<'j> {
    journal: &'j Journal,
    filter: Filter,
    read: VecDeque<Arc<Entry>>,
    cursor: u64,
    /// The last entry that belongs to it.
    last: u64,
    missed: u64,
}

impl Journal {
    /// Returns everything that `filter` lets through. Write it with [`write_ndjson`].
    #[must_use]
    pub fn export(&self, filter: Filter) -> Export<'_> {
        Export { journal: self, filter, read: VecDeque::new(), cursor: 0, last: self.last(), missed: 0 }
    }
}

impl Export<'_> {
    /// How many entries had been dropped before they could be read, so far.
    #[must_use]
    pub const fn missed(&self) -> u64 {
        self.missed
    }
}

impl Iterator for Export<'_> {
    type Item = Arc<Entry>;

    fn next(&mut self) -> Option<Arc<Entry>> {
        loop {
            while let Some(entry) = self.read.pop_front() {
                if entry.sequence > self.last {
                    return None;
                }
                self.cursor = entry.sequence;
                if self.filter.lets_through(&entry) {
                    return Some(entry);
                }
            }
            if self.cursor >= self.last {
                return None;
            }
            let chunk = self.journal.chunk(self.cursor);
            self.missed += chunk.cursor.min(self.last) - self.cursor;
            self.cursor = chunk.cursor;
            self.read = chunk.entries.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::JournalLimits;
    use crate::journal::entry::samples::{delivery, request, write};
    use kycsim_scenarios::ledger::DeliveryResult;

    #[test]
    fn every_entry_is_one_line_and_is_read_again() {
        let journal = Journal::new(JournalLimits::default());
        write(&journal, request("GET", "/v1/sessions/ses_1"));
        write(&journal, delivery(DeliveryResult::Refused { status: 503 }));
        let mut out = Vec::new();
        write_ndjson(journal.export(Filter::default()), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"sequence":1,"at":1000,"wall":"2026-03-01T12:00:00Z","kind":"request","id":"req_1","method":"GET","path":"/v1/sessions/ses_1","#,
                r#""headers":{"host":"127.0.0.1:8080"},"body":{"length":0,"text":""},"delay_micros":0,"took_micros":0,"matched":true}"#,
                "\n",
                r#"{"sequence":2,"at":1000,"wall":"2026-03-01T12:00:00Z","kind":"delivery","event_id":"evt_1","event":"decided","session":"ses_1","#,
                r#""applicant":"a-000001","copy":0,"try":1,"due":500,"began":600,"took_micros":400,"receiver":"127.0.0.1:9000/hook","#,
                r#""headers":{"host":"127.0.0.1:8080"},"body":{"length":21,"text":"{\"status\":\"approved\"}"},"result":{"kind":"refused","status":503}}"#,
                "\n"
            )
        );
        let read: Vec<Entry> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(journal.export(Filter::default()).map(|entry| (*entry).clone()).eq(read));
    }

    #[test]
    fn an_export_ends_where_the_journal_ended_when_it_began() {
        let journal = Journal::new(JournalLimits { entries: 600, ..JournalLimits::default() });
        for _ in 0..601 {
            write(&journal, request("GET", "/"));
        }
        let mut export = journal.export(Filter::default());
        assert_eq!(export.next().map(|entry| entry.sequence), Some(2));
        for _ in 0..500 {
            write(&journal, request("GET", "/"));
        }
        let rest: Vec<_> = export.by_ref().map(|entry| entry.sequence).collect();
        assert_eq!(rest.last(), Some(&601));
        assert_eq!(1 + rest.len() as u64 + export.missed(), 601);
        assert!(export.missed() > 1, "some were dropped while it read");
    }
}
