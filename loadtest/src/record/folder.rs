use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use kycsim_reports::model::{Manifest, Sample, VendorSummary};
use kycsim_scenarios::ledger::LedgerEntry;
use kycsim_scenarios::{Scenario, SimTime};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::histogram_log::{HistogramLog, Measured};
use super::rows::{AnswerRow, DepthRow, GeneratorRow, JourneyRow, OpenCases, ReviewRow};
use crate::clock::RunClock;

/// Why a run could not be written.
#[derive(Debug, thiserror::Error)]
#[error("could not write `{}`", .path.display())]
pub struct WriteRunError {
    /// What could not be written.
    pub path: PathBuf,
    source: io::Error,
}

impl WriteRunError {
    pub(crate) fn new(path: &Path, source: io::Error) -> Self {
        Self { path: path.to_owned(), source }
    }
}

/// Why a run could not be read back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadRunError {
    /// A file is missing or cannot be read.
    #[error("could not read `{}`; is this the folder of a run?", .path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("`{}` is not what a run of this version writes", .path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The scenario is not valid any more.
    #[error(transparent)]
    Scenario(#[from] kycsim_scenarios::language::ReadScenarioError),
}

/// What the arrivals followed, if they followed a trace.
const TRACE_FILE: &str = "arrivals.csv";

/// The folder of a run that is being played.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    journeys: Rows,
    series: Rows,
    depths: Rows,
    reviews: Rows,
    answers: Rows,
    histograms: HistogramLog,
}

impl RunFolder {
    /// Makes the folder and writes what is known before the run: the scenario and the manifest.
    ///
    /// # Errors
    /// When anything cannot be written; a folder that this call made is then gone again.
    pub fn create(path: &Path, scenario: &Scenario, manifest: &Manifest, clock: &RunClock) -> Result<Self, WriteRunError> {
        Self::create_at(path, scenario, manifest, clock.began_wall())
    }

    fn create_at(path: &Path, scenario: &Scenario, manifest: &Manifest, began: Timestamp) -> Result<Self, WriteRunError> {
        let existed = path.exists();
        Self::try_create(path, scenario, manifest, began).inspect_err(|_| {
            if !existed {
                // Half a folder would look like a run. What cannot be removed could not be written either.
                let _ = fs::remove_dir_all(path);
            }
        })
    }

    fn try_create(path: &Path, scenario: &Scenario, manifest: &Manifest, began: Timestamp) -> Result<Self, WriteRunError> {
        fs::create_dir_all(path).map_err(|source| WriteRunError::new(path, source))?;
        let scenario_path = path.join("scenario.toml");
        let mut scenario = scenario.clone();
        if let Some(trace) = scenario.arrivals.trace_mut() {
            let (kept, text) = trace.kept(TRACE_FILE);
            *trace = kept;
            let trace_path = path.join(TRACE_FILE);
            fs::write(&trace_path, text).map_err(|source| WriteRunError::new(&trace_path, source))?;
        }
        let text = scenario.to_toml().map_err(|error| WriteRunError::new(&scenario_path, io::Error::other(error)))?;
        fs::write(&scenario_path, text).map_err(|source| WriteRunError::new(&scenario_path, source))?;
        let folder = Self {
            path: path.to_owned(),
            journeys: Rows::create(path.join("journeys.ndjson"))?,
            series: Rows::create(path.join("series.ndjson"))?,
            depths: Rows::create(path.join("review-queue.ndjson"))?,
            reviews: Rows::create(path.join("reviews.ndjson"))?,
            answers: Rows::create(path.join("answers.ndjson"))?,
            histograms: HistogramLog::create(&path.join("latency.hlog"), began.into())?,
        };
        folder.write_manifest(manifest)?;
        Ok(folder)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the vendor's ledger for writing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn ledger(&self) -> Result<LedgerFile, WriteRunError> {
        Ok(LedgerFile { rows: Mutex::new(Rows::create(self.path.join("vendor-ledger.ndjson"))?) })
    }

    pub(crate) fn write_manifest(&self, manifest: &Manifest) -> Result<(), WriteRunError> {
        write_json(&self.path.join("manifest.json"), manifest)
    }

    pub(crate) fn write_end(&self, vendor: &VendorSummary, generator: &GeneratorRow) -> Result<(), WriteRunError> {
        write_json(&self.path.join("vendor.json"), vendor)?;
        write_json(&self.path.join("generator.json"), generator)
    }

    pub(crate) fn journey(&mut self, row: &JourneyRow) -> Result<(), WriteRunError> {
        self.journeys.append(row)
    }

    pub(crate) fn depth(&mut self, row: &DepthRow) -> Result<(), WriteRunError> {
        self.depths.append(row)
    }

    pub(crate) fn review(&mut self, row: &ReviewRow) -> Result<(), WriteRunError> {
        self.reviews.append(row)
    }

    pub(crate) fn answer(&mut self, row: &AnswerRow) -> Result<(), WriteRunError> {
        self.answers.append(row)
    }

    pub(crate) fn open_cases(&self, cases: &OpenCases) -> Result<(), WriteRunError> {
        write_json(&self.path.join("open-cases.json"), cases)
    }

    /// Writes a second's sample and measurements, and sees that all rows so far are with the operating system.
    pub(crate) fn second(&mut self, sample: &Sample, measured: Measured) -> Result<(), WriteRunError> {
        let until = SimTime::from_start(std::time::Duration::from_secs_f64(sample.at));
        let from = SimTime::from_start(std::time::Duration::from_secs_f64((sample.at - 1.0).max(0.0)));
        self.histograms.write(from, until, measured);
        self.series.append(sample)?;
        self.flush()
    }

    fn flush(&mut self) -> Result<(), WriteRunError> {
        [&mut self.journeys, &mut self.series, &mut self.depths, &mut self.reviews, &mut self.answers].into_iter().try_for_each(Rows::flush)
    }

    /// Writes everything out.
    pub(crate) fn finish(mut self) -> Result<(), WriteRunError> {
        self.flush()?;
        self.histograms.finish(&self.path.join("latency.hlog"))
    }
}

/// The vendor's ledger as a file; shared by whoever writes into it.
#[derive(Debug)]
pub struct LedgerFile {
    // A plain mutex: held for one buffered write, never across an await.
    rows: Mutex<Rows>,
}

impl LedgerFile {
    /// Appends an entry.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&self, entry: &LedgerEntry) -> Result<(), WriteRunError> {
        self.append_buffered(entry)?;
        // The ledger is the truth: a line that a killed run lost would turn up as somebody's fault.
        self.flush()
    }

    fn append_buffered(&self, entry: &LedgerEntry) -> Result<(), WriteRunError> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).append(entry)
    }

    fn flush(&self) -> Result<(), WriteRunError> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

/// A file of JSON rows.
#[derive(Debug)]
struct Rows {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Rows {
    fn create(path: PathBuf) -> Result<Self, WriteRunError> {
        let file = File::create(&path).map_err(|source| WriteRunError::new(&path, source))?;
        Ok(Self { path, file: BufWriter::new(file) })
    }

    fn append(&mut self, row: &impl Serialize) -> Result<(), WriteRunError> {
        serde_json::to_writer(&mut self.file, row)
            .map_err(io::Error::from)
            .and_then(|()| self.file.write_all(b"\n"))
            .map_err(|source| WriteRunError::new(&self.path, source))
    }

    fn flush(&mut self) -> Result<(), WriteRunError> {
        self.file.flush().map_err(|source| WriteRunError::new(&self.path, source))
    }
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), WriteRunError> {
    // Written beside and moved over: a reader, or a run killed right now, never meets half a file.
    let beside = path.with_extension("json.part");
    let written = serde_json::to_vec_pretty(value).map_err(io::Error::from).and_then(|bytes| fs::write(&beside, bytes));
    written.and_then(|()| fs::rename(&beside, path)).map_err(|source| WriteRunError::new(path, source))
}

/// Everything that a run's folder holds.
#[derive(Debug)]
pub struct Records {
    pub(crate) manifest: Manifest,
    pub(crate) scenario: Scenario,
    pub(crate) journeys: Vec<JourneyRow>,
    pub(crate) series: Vec<Sample>,
    pub(crate) depths: Vec<DepthRow>,
    pub(crate) reviews: Vec<ReviewRow>,
    pub(crate) answers: BTreeMap<kycsim_scenarios::ApplicantKey, AnswerRow>,
    /// None when the backend did not say.
    pub(crate) open_cases: Option<OpenCases>,
    pub(crate) ledger: Vec<LedgerEntry>,
    pub(crate) measured: Measured,
    /// None when the run was killed.
    pub(crate) vendor: Option<VendorSummary>,
    /// None when the run was killed.
    pub(crate) generator: Option<GeneratorRow>,
}

impl Records {
    /// The scenario as it was played.
    #[must_use]
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Reads a run's folder, whole or cut short.
    ///
    /// # Errors
    /// When it is not the folder of a run.
    pub fn read(folder: &Path) -> Result<Self, ReadRunError> {
        let manifest_path = folder.join("manifest.json");
        let manifest =
            read_json(&manifest_path)?.ok_or_else(|| ReadRunError::Open { path: manifest_path, source: io::ErrorKind::NotFound.into() })?;
        let answers: Vec<AnswerRow> = read_rows(&folder.join("answers.ndjson"))?;
        Ok(Self {
            manifest,
            scenario: Scenario::read(&folder.join("scenario.toml"))?,
            journeys: read_rows(&folder.join("journeys.ndjson"))?,
            series: read_rows(&folder.join("series.ndjson"))?,
            depths: read_rows(&folder.join("review-queue.ndjson"))?,
            reviews: read_rows(&folder.join("reviews.ndjson"))?,
            // An applicant may be asked about more than once; the last answer counts.
            answers: answers.into_iter().map(|row| (row.applicant.clone(), row)).collect(),
            open_cases: read_json(&folder.join("open-cases.json"))?,
            ledger: read_rows(&folder.join("vendor-ledger.ndjson"))?,
            measured: Measured::read(&fs::read(folder.join("latency.hlog")).unwrap_or_default()),
            vendor: read_json(&folder.join("vendor.json"))?,
            generator: read_json(&folder.join("generator.json"))?,
        })
    }
}

impl Records {
    /// The run's own name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.manifest.id
    }

    /// Writes them into a folder of their own, as a run that was played as a whole leaves them; its durations are one interval.
    ///
    /// # Errors
    /// When anything cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), WriteRunError> {
        let began = self.manifest.started_at.parse().unwrap_or_default();
        let mut files = RunFolder::create_at(folder, &self.scenario, &self.manifest, began)?;
        let ledger = files.ledger()?;
        self.ledger.iter().try_for_each(|entry| ledger.append_buffered(entry))?;
        ledger.flush()?;
        self.journeys.iter().try_for_each(|row| files.journeys.append(row))?;
        self.series.iter().try_for_each(|row| files.series.append(row))?;
        self.depths.iter().try_for_each(|row| files.depths.append(row))?;
        self.reviews.iter().try_for_each(|row| files.reviews.append(row))?;
        self.answers.values().try_for_each(|row| files.answers.append(row))?;
        let until = self.generator.map_or(SimTime::ZERO, |generator| generator.observed_until);
        files.histograms.write(SimTime::ZERO, until, self.measured.clone());
        if let Some(vendor) = &self.vendor {
            write_json(&folder.join("vendor.json"), vendor)?;
        }
        if let Some(generator) = &self.generator {
            write_json(&folder.join("generator.json"), generator)?;
        }
        files.finish()
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ReadRunError> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|source| ReadRunError::Malformed { path: path.to_owned(), source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ReadRunError::Open { path: path.to_owned(), source }),
    }
}

/// Reads rows; a last line that a killed run left torn is passed over, any other that does not parse is an error.
fn read_rows<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, ReadRunError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(ReadRunError::Open { path: path.to_owned(), source }),
    };
    let mut rows = Vec::new();
    let mut lines = BufReader::new(file).lines().peekable();
    while let Some(line) = lines.next() {
        let line = line.map_err(|source| ReadRunError::Open { path: path.to_owned(), source })?;
        match serde_json::from_str(&line) {
            Ok(row) => rows.push(row),
            Err(_) if lines.peek().is_none() => break,
            Err(source) => return Err(ReadRunError::Malformed { path: path.to_owned(), source }),
        }
    }
    Ok(rows)
}
