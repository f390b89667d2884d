//! The scenario language: what stands in a scenario file, checked where it is read.
//!
//! [`Scenario`] is the whole. Numbers out of range, weights of zero and objectives that do not parse are refused by the types themselves, so
//! behind this border nobody checks again.

mod applicants;
mod arrivals;
mod bound;
mod callbacks;
mod distribution;
mod effects;
mod happened;
mod incident;
mod measure;
mod moment;
mod nearest;
mod objective;
mod outcomes;
mod phrase;
mod quantity;
mod read;
mod response_fault;
mod review;
mod scenario;
mod scope;
mod segment;
mod subject;
mod vendor;
mod window;

pub use applicants::{ApplicantGroup, CaptureDefects, Country, Device, DocumentKind, Leave, Risk};
pub use arrivals::{Arrival, Arrivals, Closed, Diurnal, Open, Pattern, Process, RateProfile, RateStep, Schedule, Spike, TRACE_MAX, Trace};
pub use bound::{Bound, Comparison};
pub use callbacks::{Callbacks, Copies, DuplicateId, Duplicates, EventKind, Later, RawCallbacks, Rotation, Stale, Tries};
pub use distribution::Distribution;
pub use effects::{CallbackTrouble, Effects, ReleaseOrder};
pub use happened::{Account, Compression, Happened};
pub use incident::{Active, Incident, Phase, Ramp, Repeat};
pub use measure::{Measure, Unit, describe_distribution};
pub use moment::Moment;
pub(crate) use nearest::nearest_to;
pub use objective::{Objective, Objectives};
pub use outcomes::{OutcomeWeight, Outcomes};
pub use quantity::{Period, Probability, QuantityError, Rate, Weight};
pub use read::{InvalidScenario, ReadScenarioError};
pub use response_fault::ResponseFault;
pub use review::{Headcount, Review, ReviewDecision, Triage};
pub use scenario::{Applicant, Mix, RunSettings, Scenario, ScenarioName};
pub use scope::{Scope, Whom};
pub use segment::{Condition, Segment};
pub use subject::Subject;
pub use vendor::{Band, Confidence, Polls, Progress, RateLimit, RawRateLimit, Revision, Vendor};
pub use window::Window;
