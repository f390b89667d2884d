//! What was acknowledged survives the end of the process.

use kycsim_onboarding::{Backend, CallbackSecret, Database, OnboardingConfig, OpenBackendError, OpenDatabaseError, Secret};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqlSafeStr as _, SqliteConnection};
use tempfile::TempDir;

use crate::vendor::Trouble;
use crate::world::{Verification, World, secs, until};

fn file(folder: &TempDir) -> Database {
    Database::File(folder.path().join("backend.sqlite"))
}

async fn sql(folder: &TempDir) -> SqliteConnection {
    SqliteConnectOptions::new().filename(folder.path().join("backend.sqlite")).connect().await.unwrap()
}

#[tokio::test]
async fn a_killed_backend_goes_on_where_it_was() {
    let folder = TempDir::new().unwrap();
    let world = World::with(|config| config.database = file(&folder)).await;
    world.vendor.trouble(Trouble::LoseAnswers); // the session is made, and nobody here knows
    let mut verifications: Vec<Verification> = Vec::new();
    for n in 0..4 {
        verifications.push(world.submitted(&format!("a-{n}")).await);
    }
    until("the vendor was called", async || world.vendor.sessions("a-0") == 1).await;
    let (vendor, clock) = world.kill().await;

    vendor.trouble(Trouble::None);
    let world = World::around(vendor, clock, |config| config.database = file(&folder)).await;
    world.clock.advance(secs(60));
    for verification in &verifications {
        world.until_event(verification, "vendor_accepted", 1).await;
        let reference = &verification.applicant.reference;
        assert_eq!((world.vendor.sessions(reference), world.vendor.submissions(reference)), (1, 1));
        let callback = world.vendor.decide(reference, "approved", &[]);
        assert_eq!(world.deliver(&callback).await, 204);
        assert_eq!(world.status(verification).await, "approved");
    }
    world.stop().await;
}

#[tokio::test]
async fn images_are_gone_once_the_vendor_has_them() {
    let folder = TempDir::new().unwrap();
    let world = World::with(|config| config.database = file(&folder)).await;
    world.accepted("a-1").await;
    let lying = world.verification("a-2").await;
    world.capture(&lying).await;
    let mut database = sql(&folder).await;
    let count = async |database: &mut SqliteConnection| -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM evidence").fetch_one(database).await.unwrap()
    };
    assert_eq!(count(&mut database).await, 2); // those of the one who has not submitted
    world.clock.advance(secs(24 * 3600));
    world.until_status(&lying, "expired").await;
    assert_eq!(count(&mut database).await, 0);
}

#[tokio::test]
async fn the_database_refuses_what_a_bug_might_try() {
    let folder = TempDir::new().unwrap();
    let world = World::with(|config| config.database = file(&folder)).await;
    world.accepted("a-1").await;
    world.stop().await;
    let mut database = sql(&folder).await;
    for forbidden in [
        "DELETE FROM audit",
        "UPDATE audit SET kind = 'expired'",
        "UPDATE verifications SET status = 'initiated'",
        "UPDATE verifications SET status = 'sleeping'",
        "INSERT INTO verifications SELECT 'ver_x', account, x'00', country, document_type, 'initiated', 1, NULL, NULL, 0, NULL, NULL, 0, \
         expires_at, created_at, updated_at FROM verifications",
    ] {
        assert!(sqlx::query(forbidden).execute(&mut database).await.is_err(), "{forbidden}");
    }
    let moves: Vec<(Option<String>, String)> =
        sqlx::query_as("SELECT before, after FROM transitions ORDER BY id").fetch_all(&mut database).await.unwrap();
    let moves: Vec<_> = moves.iter().map(|(before, after)| (before.as_deref(), after.as_str())).collect();
    assert_eq!(moves, [(None, "initiated"), (Some("initiated"), "capture_in_progress"), (Some("capture_in_progress"), "submitted")]);
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let folder = TempDir::new().unwrap();
    let world = World::with(|config| config.database = file(&folder)).await;
    world.stop().await;
    let mut database = sql(&folder).await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
         VALUES (99, 'from the future', '2030-01-01', TRUE, x'00', 0)",
    )
    .execute(&mut database)
    .await
    .unwrap();
    database.close().await.unwrap();

    let secret = CallbackSecret::parse("whsec_c2VjcmV0").unwrap();
    let mut config =
        OnboardingConfig::new("http://127.0.0.1:1", Secret::new("k"), secret, "http://127.0.0.1:1/callbacks/kyc", Secret::new("r"));
    config.database = file(&folder);
    let error = Backend::open(config).await.unwrap_err();
    assert!(matches!(error, OpenBackendError::Database(OpenDatabaseError::TooNew { found: 99, known: 3, .. })), "{error:?}");
    assert!(error.to_string().contains("run the newer program"), "{error}");
}

/// A database of the first version, in which somebody was approved after a review.
async fn first_version(folder: &TempDir) {
    let options = SqliteConnectOptions::new().filename(folder.path().join("backend.sqlite")).create_if_missing(true);
    let mut database = options.connect().await.unwrap();
    let sql = include_str!("../../migrations/0001_initial.sql");
    let first = Migration::new(1, "initial".into(), MigrationType::Simple, sql.into_sql_str(), false);
    Migrator::with_migrations(vec![first]).run(&mut database).await.unwrap();
    let rows = "\
        INSERT INTO accounts VALUES ('acc_1', x'01', x'01', 'a-1', 'a@example.com', 'DE', 1); \
        INSERT INTO verifications (id, account, idempotency, country, document_type, status, attempt, reconcile_at, expires_at, created_at, updated_at) \
            VALUES ('ver_1', 'acc_1', x'01', 'DE', 'passport', 'approved', 1, 5, 9, 1, 2); \
        INSERT INTO decisions VALUES ('ver_1', 1, 'callback', 'review', 'low_confidence', 'pending_review', 2); \
        INSERT INTO reviews VALUES ('rev_1', 'ver_1', 1, 'low_confidence', 1, 'decided', 'r-1', NULL, 'approve', NULL, 2, 3); \
        INSERT INTO notices (account, verification, attempt, status, created_at) VALUES ('acc_1', 'ver_1', 1, 'approved', 3); \
        INSERT INTO callbacks VALUES ('evt_1', 'ses_1', x'01', 3, 'parked', x'7b7d'); \
        INSERT INTO audit (at, kind, account, verification, attempt, status, correlation, details) \
            VALUES (3, 'applicant_notified', 'acc_1', 'ver_1', 1, 'approved', 'c', '{}')";
    sqlx::raw_sql(rows).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date() {
    let folder = TempDir::new().unwrap();
    first_version(&folder).await;
    World::with(|config| config.database = file(&folder)).await.stop().await;

    let mut database = sql(&folder).await;
    for table in ["decisions", "reviews", "notices", "audit"] {
        let count = sqlx::query_scalar::<_, i64>(AssertSqlSafe(format!("SELECT count(*) FROM {table} WHERE revision = 0")));
        assert_eq!(count.fetch_one(&mut database).await.unwrap(), 1, "{table}");
    }
    let asked: i64 =
        sqlx::query_scalar("SELECT count(*) FROM verifications WHERE reconcile_at IS NOT NULL").fetch_one(&mut database).await.unwrap();
    assert_eq!(asked, 0, "nobody is asked about what is decided");
    let parked: i64 =
        sqlx::query_scalar("SELECT count(*) FROM callbacks WHERE subject = 'ses_1' AND result = 'parked' AND payload = x'7b7d'")
            .fetch_one(&mut database)
            .await
            .unwrap();
    assert_eq!(parked, 1, "what nobody could place yet is not lost");
    // Back from a decision goes only who says that it was changed.
    let back = "UPDATE verifications SET status = 'pending_review'";
    assert!(sqlx::query(back).execute(&mut database).await.is_err());
    let changed = "UPDATE verifications SET status = 'pending_review', revision = revision + 1";
    assert!(sqlx::query(changed).execute(&mut database).await.is_ok());
}

#[tokio::test]
async fn a_temporary_database_leaves_nothing_behind() {
    let ours = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("kycsim-onboarding-");
    let folders = || {
        let entries = std::fs::read_dir(std::env::temp_dir()).unwrap();
        entries.filter_map(|entry| Some(entry.ok()?.file_name()).filter(|name| ours(name))).collect::<Vec<_>>()
    };
    let before = folders();
    let world = World::start().await;
    let made: Vec<_> = folders().into_iter().filter(|folder| !before.contains(folder)).collect();
    assert!(!made.is_empty());
    world.accepted("a-1").await;
    world.stop().await;
    // Other tests make and drop folders of their own meanwhile; of those that were there just now, ours at least must go.
    until("some folder is gone", async || made.iter().any(|folder| !folders().contains(folder))).await;
}
