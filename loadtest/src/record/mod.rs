//! What a run leaves on disk, in open formats, written while it runs: complete even when the run is cut short.
//!
//! | file | |
//! | --- | --- |
//! | `scenario.toml` | the resolved scenario |
//! | `arrivals.csv` | the trace that its arrivals follow, if they follow one |
//! | `manifest.json` | what was run, where, and how it ended |
//! | `journeys.ndjson` | a row for each journey, as it ends |
//! | `series.ndjson` | a row a second |
//! | `review-queue.ndjson` | the queue's depth, four times a second |
//! | `reviews.ndjson` | a row for each case that a reviewer decided |
//! | `latency.hlog` | HdrHistogram interval log, a tag for each measure |
//! | `vendor-ledger.ndjson` | what the vendor decided and sent |
//! | `vendor.json` | the vendor's counters at the end |
//! | `answers.ndjson` | what the backend says of each applicant at the end |
//! | `open-cases.json` | about whom cases were open at the end, if the backend said |

mod folder;
mod histogram_log;
mod merge;
mod rows;

pub use folder::{LedgerFile, ReadRunError, Records, RunFolder, WriteRunError};
pub(crate) use histogram_log::{Measured, new_histogram};
pub use merge::MergeError;
pub(crate) use rows::{AnswerRow, AttemptRow, BackendEvent, DepthRow, EndRow, GeneratorRow, JourneyRow, OpenCases, ReviewRow, Told};
