//! One play in a process of its own: Goose bears one attack in a process, and these plays mostly wait.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use kycsim_reports::Run;

use super::exhibit::{EXHIBITS, Exhibit};
use super::habitat::{Nature, settle};
use crate::world::rehearse_against;

/// Which exhibit the process is to play.
const NAME: &str = "KYCSIM_ZOO_EXHIBIT";
/// Set when it is the sound backend's turn.
const SOUND: &str = "KYCSIM_ZOO_SOUND";
/// Where the report goes.
const OUT: &str = "KYCSIM_ZOO_OUT";

/// The sound backend's plays, made once each.
static SOUND_PLAYS: LazyLock<Mutex<BTreeMap<String, Arc<OnceLock<Run>>>>> = LazyLock::new(Mutex::default);

/// Plays an exhibit, and its scenario with the sound backend beside it; returns both reports.
pub(super) fn play_both(exhibit: &'static Exhibit) -> (Run, Run) {
    let sound = Arc::clone(SOUND_PLAYS.lock().unwrap().entry(exhibit.play()).or_default());
    std::thread::scope(|scope| {
        let sound = scope.spawn(move || sound.get_or_init(|| play(exhibit, true)).clone());
        (play(exhibit, false), sound.join().unwrap())
    })
}

fn play(exhibit: &Exhibit, sound: bool) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report.json");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["zoo::cage::plays_one", "--exact", "--ignored", "--nocapture"]).env(NAME, exhibit.name).env(OUT, &out);
    if sound {
        command.env(SOUND, "1");
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}\n{}", exhibit.name, String::from_utf8_lossy(&output.stderr));
    kycsim_reports::read(std::fs::File::open(&out).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "one play of the zoo, in a process of its own: the zoo's other tests start it"]
async fn plays_one() {
    let Ok(name) = std::env::var(NAME) else { return };
    let exhibit = EXHIBITS.iter().find(|exhibit| exhibit.name == name).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let sound = std::env::var_os(SOUND).is_some();
    let played = rehearse_against(Arc::new(exhibit.scenario()), async |vendor_url, world| {
        let nature = |around| if sound { Nature::default() } else { (exhibit.nature)(around) };
        settle(folder.path(), vendor_url, world, exhibit.restart_after, nature).await
    })
    .await;
    let mut report = std::fs::File::create(std::env::var_os(OUT).unwrap()).unwrap();
    kycsim_reports::json(&played.run, &mut report).unwrap();
}
