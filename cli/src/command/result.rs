//! Results go to standard output, and nothing else does.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use kycsim_reports::model::Verdict;
use kycsim_reports::{Colour, Run};

use crate::exit::Exit;

/// Prints text as a command's result.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Whoever reads only the first lines of a result (`| head`) has what they wanted.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("standard output cannot be written"),
    }
}

/// Writes a run's faces into its folder, prints the result, and says how the command ends.
pub(super) fn conclude(run: &Run, folder: &Path, json: bool) -> anyhow::Result<Exit> {
    kycsim_reports::write_faces(run, folder)?;
    let mut text = Vec::new();
    if json {
        kycsim_reports::json(run, &mut text)?;
        text.push(b'\n');
    } else {
        let colour = if std::io::stdout().is_terminal() { Colour::Ansi } else { Colour::None };
        kycsim_reports::terminal(run, colour, &mut text)?;
        writeln!(text, "\nReport: {}", folder.join("report.html").display())?;
    }
    print(&String::from_utf8_lossy(&text))?;
    Ok(match run.verdict {
        Verdict::Passed => Exit::Success,
        Verdict::Failed => Exit::Failed,
        Verdict::Inconclusive => Exit::Inconclusive,
    })
}
