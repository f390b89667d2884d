//! What was acknowledged survives the end of the process.

use kycsim_onboarding::{Backend, CallbackSecret, Database, OnboardingConfig, OpenBackendError, OpenDatabaseError, Secret};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
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
    assert!(matches!(error, OpenBackendError::Database(OpenDatabaseError::TooNew { found: 99, known: 2, .. })), "{error:?}");
    assert!(error.to_string().contains("run the newer program"), "{error}");
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
