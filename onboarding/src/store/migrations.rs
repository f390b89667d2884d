//! The database's versions, built into the program.

use std::path::Path;

use sqlx::SqlSafeStr as _;
use sqlx::SqlitePool;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use super::OpenDatabaseError;

/// Version, description, statements. A migration that has been released is never edited: its checksum is in the database.
const MIGRATIONS: [(i64, &str, &str); 3] = [
    (1, "initial", include_str!("../../migrations/0001_initial.sql")),
    (2, "changes", include_str!("../../migrations/0002_changes.sql")),
    (3, "vendors", include_str!("../../migrations/0003_vendors.sql")),
];

/// Brings the database to the current version, or says why not.
pub(super) async fn run(pool: &SqlitePool, path: &Path) -> Result<(), OpenDatabaseError> {
    let migrations = MIGRATIONS
        .map(|(version, description, sql)| Migration::new(version, description.into(), MigrationType::Simple, sql.into_sql_str(), false));
    let known = MIGRATIONS.iter().map(|(version, _, _)| *version).max().unwrap_or(0);
    let outcome = Migrator::with_migrations(migrations.into()).run(pool).await;
    match outcome {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(found)) if found > known => Err(OpenDatabaseError::TooNew { path: path.to_owned(), found, known }),
        Err(source) => Err(OpenDatabaseError::Migrate { path: path.to_owned(), source }),
    }
}
