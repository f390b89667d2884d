//! Which vendor's API is spoken, and whether a scenario can be played in it.

use anyhow::anyhow;
use kycsim_reports::model::{Recognises, Tells, VendorPlayed};
use kycsim_scenarios::Scenario;
use kycsim_simulator::{Clarity, Dialect, Repetitions};

use crate::exit::Failure;

/// Has `scenario` played in the dialect that was asked for, or else in its own; refuses a scenario that asks for what that vendor has no way to do.
pub(super) fn choose(scenario: &mut Scenario, asked: Option<Dialect>) -> Result<Dialect, Failure> {
    if let Some(dialect) = asked {
        dialect.as_str().clone_into(&mut scenario.vendor.dialect);
    }
    let word = &scenario.vendor.dialect;
    let dialect = Dialect::from_word(word).ok_or_else(|| {
        let words: Vec<&str> = Dialect::ALL.iter().map(|dialect| dialect.as_str()).collect();
        Failure::usage(anyhow!("the scenario's vendor speaks `{word}`, which is not a dialect; there are: {}", words.join(", ")))
    })?;
    match dialect.cannot_play(scenario).as_slice() {
        [] => Ok(dialect),
        reasons => Err(Failure::usage(anyhow!(
            "`{}` cannot be played in the dialect `{}`:\n  {}",
            scenario.name.as_str(),
            dialect.as_str(),
            reasons.join("\n  ")
        ))),
    }
}

/// What the verdict must know of a vendor that speaks `dialect`.
pub(super) fn played(dialect: Dialect) -> VendorPlayed {
    let tells = match dialect.clarity() {
        Clarity::Outcomes => Tells::Outcomes,
        Clarity::Approval => Tells::Approval,
    };
    let recognises = match dialect.repetitions() {
        Repetitions::Recognised => Recognises::EveryRepetition,
        Repetitions::NotAlways => Recognises::SomeRepetitions,
    };
    VendorPlayed { dialect: dialect.as_str().to_owned(), tells, recognises }
}
