//! Whatever stands in a scenario file: it is refused with its place, or it can be written, read back, and played.

#![no_main]

use std::sync::Arc;

use kycsim_scenarios::Scenario;
use kycsim_simulator::fuzzing::play;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let scenario = match Scenario::parse("fuzzed", text) {
        Ok(scenario) => scenario,
        Err(refused) => {
            assert!(!refused.to_string().is_empty() && refused.line >= 1 && refused.column >= 1);
            return;
        }
    };
    match scenario.to_toml() {
        Ok(written) => assert_eq!(Scenario::parse("written", &written).as_ref(), Ok(&scenario), "{written}"),
        Err(error) => assert!(scenario.seed > i64::MAX as u64, "{error}"),
    }
    let applicant = scenario.applicant(1);
    assert!(applicant.group < scenario.applicants.groups().len());
    let scenario = Arc::new(scenario);
    assert_eq!(play(Arc::clone(&scenario)), play(scenario), "the same scenario, the same ledger");
});
