//! Writes the faces of made-up runs into a folder, for looking at them: `cargo run -p kycsim-reports --example sample_report -- FOLDER`.

use std::path::PathBuf;
use std::process::ExitCode;

#[path = "../tests/it/sample.rs"]
mod sample;

#[expect(clippy::print_stderr, reason = "an example speaks to the person who runs it")]
fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: sample_report FOLDER");
        return ExitCode::FAILURE;
    };
    let runs = [
        ("outage", sample::outage()),
        ("killed", sample::killed()),
        ("long", sample::long()),
        ("hostile", sample::hostile("</script><script>alert(1)</script><img src=x onerror=alert(1)>")),
    ];
    for (name, run) in runs {
        if let Err(error) = kycsim_reports::write_faces(&run, &folder.join(name)) {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
