//! The database: one file of SQLite, one connection that writes, a few that read.
//!
//! SQLite has one writer at a time whatever we do. Queueing for the one connection is fair and cheap; meeting at the file
//! would end in busy errors. The statements themselves live beside the operations they serve.

mod migrations;
mod scratch;
mod values;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, Transaction};

use crate::config::Database;
use crate::verification::IllegalMove;
use scratch::ScratchFolder;
pub(crate) use values::{Reading, digest, micros};

/// Connections that read: scrapes, polls and the workers' look-ups. More would only queue for two or four cores.
const READERS: u32 = 4;
/// How long a statement waits for another program that has the file. Our own queue is the pool.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an operation waits for a connection: beyond this the request's own time limit has struck as well.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// The way to the database.
#[derive(Debug)]
pub(crate) struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Dropped last: the pools must be gone before the files are.
    _scratch: Option<ScratchFolder>,
}

/// A change in the making: becomes durable by `commit`, or never was.
pub(crate) type Change = Transaction<'static, Sqlite>;

/// Why the database did not do as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("the database refused")]
    Sql(#[from] sqlx::Error),
    /// A bug: whoever asked should have looked at the status before.
    #[error(transparent)]
    IllegalMove(#[from] IllegalMove),
    #[error("`{value}` in column `{column}` is not a {what}")]
    Unreadable { column: &'static str, what: &'static str, value: String },
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenDatabaseError {
    /// There is no private folder to be had for a temporary database.
    #[error("could not make the folder `{}` for a temporary database", .path.display())]
    Scratch {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file cannot be opened, or is not a database.
    #[error("could not open the database `{}`", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: sqlx::Error,
    },
    /// The file was written by a later version of this program.
    #[error(
        "the database `{}` is at version {found}, and this program knows versions up to {known}; run the newer program",
        .path.display()
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// The version that it is at.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The file could not be brought to the current version; nothing in it has changed.
    #[error("could not bring the database `{}` up to date", .path.display())]
    Migrate {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: sqlx::migrate::MigrateError,
    },
}

impl Store {
    /// Opens the database, makes it when it is missing, and brings it up to date.
    pub(crate) async fn open(database: &Database) -> Result<Self, OpenDatabaseError> {
        let (path, scratch) = match database {
            Database::File(path) => (path.clone(), None),
            Database::Temporary => {
                let folder = ScratchFolder::new()?;
                (folder.path().join("onboarding.sqlite"), Some(folder))
            }
        };
        let failed = |source| OpenDatabaseError::Open { path: path.clone(), source };

        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What was acknowledged survives a power cut, too, for one sync a commit; `benches/journeys.rs` says what it costs.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            // Images are most of what is written: large pages hold one in twenty pieces instead of a hundred.
            .page_size(16 * 1024)
            // Deleted values are overwritten where that costs no further writing. An image's own pages are not: they are the
            // first to be used again, and overwriting them at once would double what is written.
            .pragma("secure_delete", "FAST");
        let pool = || SqlitePoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).idle_timeout(None).max_lifetime(None);

        let writer = pool().max_connections(1).connect_with(options.clone()).await.map_err(failed)?;
        migrations::run(&writer, &path).await?;
        let readers = pool().max_connections(READERS).connect_with(options.pragma("query_only", "ON")).await.map_err(failed)?;
        Ok(Self { writer, readers, _scratch: scratch })
    }

    /// Begins a change. `IMMEDIATE` takes the write lock at once: a change that begins by reading can then never fail for
    /// having read too early.
    pub(crate) async fn begin(&self) -> Result<Change, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Returns a connection that sees what is committed.
    pub(crate) async fn read(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        Ok(self.readers.acquire().await?)
    }

    /// Closes the file in good order, so that nothing is left to be recovered.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
