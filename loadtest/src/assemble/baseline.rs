//! Another run, to hold this one against.

use kycsim_reports::model::{Baseline, Ended, Manifest};
use kycsim_scenarios::Scenario;
use kycsim_scenarios::language::Objectives;

use crate::record::Records;

/// Says what the baseline was, and in what it is unlike this run.
pub(super) fn describe(records: &Records, baseline: &Records) -> Baseline {
    let (this, that) = (&records.manifest, &baseline.manifest);
    Baseline {
        id: that.id.clone(),
        scenario: that.scenario.name.clone(),
        seed: that.seed,
        differs: differences(this, that, &records.scenario, &baseline.scenario).into_iter().map(str::to_owned).collect(),
    }
}

fn differences(this: &Manifest, that: &Manifest, ours: &Scenario, theirs: &Scenario) -> Vec<&'static str> {
    // What is expected of a run and which fates are drawn does not change what it is a run of.
    let played = |scenario: &Scenario| Scenario { expect: Objectives::default(), seed: 0, ..scenario.clone() };
    let another_scenario = this.scenario.name != that.scenario.name;
    let of = [
        (another_scenario, "another scenario"),
        (!another_scenario && played(ours) != played(theirs), "the same scenario with other settings"),
        (this.seed != that.seed, "another seed"),
        (this.vendor.dialect != that.vendor.dialect, "another dialect"),
        (this.machine != that.machine, "another machine or build"),
        (that.ended == Ended::CutShort, "it was cut short"),
        (that.ended == Ended::Unfinished, "it was killed"),
    ];
    of.into_iter().filter(|(differs, _)| *differs).map(|(_, what)| what).collect()
}
