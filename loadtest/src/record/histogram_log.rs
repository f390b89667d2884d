use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, Tag};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};
use kycsim_scenarios::SimTime;

use super::folder::WriteRunError;

/// Values are recorded in microseconds, from one to one hour, to three digits.
const HIGHEST_MICROS: u64 = 3_600_000_000;

/// Returns an empty histogram of microseconds.
#[expect(clippy::expect_used, reason = "the bounds are constants, and valid")]
pub(crate) fn new_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, HIGHEST_MICROS, 3).expect("valid bounds")
}

/// Durations by the name of what was measured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured(pub(crate) BTreeMap<String, Histogram<u64>>);

impl Measured {
    /// Counts one duration. What is longer than an hour counts as an hour.
    pub(crate) fn record(&mut self, name: &str, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(HIGHEST_MICROS);
        if let Some(histogram) = self.0.get_mut(name) {
            histogram.saturating_record(micros.max(1));
        } else {
            let mut histogram = new_histogram();
            histogram.saturating_record(micros.max(1));
            self.0.insert(name.to_owned(), histogram);
        }
    }

    /// Reads an interval log back and adds its intervals up. A torn last line, as a killed run leaves, is passed over.
    pub(crate) fn read(log: &[u8]) -> Self {
        let mut measured = Self::default();
        let mut deserializer = Deserializer::new();
        for entry in IntervalLogIterator::new(log).map_while(Result::ok) {
            let LogEntry::Interval(interval) = entry else { continue };
            let Some(tag) = interval.tag() else { continue };
            let Ok(encoded) = STANDARD.decode(interval.encoded_histogram()) else { continue };
            let Ok(histogram) = deserializer.deserialize::<u64, _>(&mut encoded.as_slice()) else { continue };
            let sum = measured.0.entry(tag.as_str().to_owned()).or_insert_with(new_histogram);
            // Both have the bounds above, so nothing can be out of range.
            let _ = sum.add(histogram);
        }
        measured
    }
}

/// The run's interval log, written by a thread of its own: the writer borrows its file and must stand still.
#[derive(Debug)]
pub(crate) struct HistogramLog {
    intervals: mpsc::SyncSender<Interval>,
    writer: JoinHandle<std::io::Result<()>>,
}

struct Interval {
    from: SimTime,
    until: SimTime,
    measured: Measured,
}

/// A second of measurements waits for the disk at most this many times; then the run waits for it.
const INTERVALS_WAITING: usize = 64;

impl HistogramLog {
    /// Begins the log of a schedule that began at `began`.
    pub(crate) fn create(path: &Path, began: SystemTime) -> Result<Self, WriteRunError> {
        let file = File::create(path).map_err(|source| WriteRunError::new(path, source))?;
        let (intervals, waiting) = mpsc::sync_channel::<Interval>(INTERVALS_WAITING);
        let writer = std::thread::spawn(move || write(file, began, &waiting));
        Ok(Self { intervals, writer })
    }

    /// Writes what was measured between two moments.
    pub(crate) fn write(&self, from: SimTime, until: SimTime, measured: Measured) {
        // The writer ends early only when the disk failed, which `finish` reports.
        let _ = self.intervals.send(Interval { from, until, measured });
    }

    /// Writes what is waiting and says whether all of it reached the disk.
    pub(crate) fn finish(self, path: &Path) -> Result<(), WriteRunError> {
        drop(self.intervals);
        let ended = self.writer.join().unwrap_or_else(|_| Err(std::io::Error::other("the writer of the histogram log panicked")));
        ended.map_err(|source| WriteRunError::new(path, source))
    }
}

fn write(mut file: File, began: SystemTime, intervals: &mpsc::Receiver<Interval>) -> std::io::Result<()> {
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment("kycsim: durations in microseconds, a tag for each measure")
        .with_start_time(began)
        .with_base_time(began)
        .begin_log_with(&mut file, &mut serializer)?;
    for Interval { from, until, measured } in intervals {
        for (name, histogram) in &measured.0 {
            log.write_histogram(histogram, from.since_start(), until - from, Tag::new(name)).map_err(std::io::Error::other)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_logged_is_read_back_and_added_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latency.hlog");
        let log = HistogramLog::create(&path, SystemTime::UNIX_EPOCH).unwrap();
        for second in 0..3 {
            let mut measured = Measured::default();
            measured.record("step.submit", Duration::from_millis(10 + second));
            log.write(SimTime::from_micros(second * 1_000_000), SimTime::from_micros((second + 1) * 1_000_000), measured);
        }
        log.finish(&path).unwrap();
        let mut text = std::fs::read(&path).unwrap();
        text.extend_from_slice(b"Tag=step.submit,3.0,1.0,torn");
        let read = Measured::read(&text);
        assert_eq!(read.0["step.submit"].len(), 3);
        assert!(read.0["step.submit"].max() >= 12_000);
    }
}
