//! Whatever comes as JSON from whoever runs a test: patterns, filters, numbers of times, orders, incidents. What is taken can be used, and written again.

#![no_main]

use std::cell::LazyCell;
use std::fmt::Debug;
use std::time::Duration;

use kycsim_fuzz::Stage;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::language::Incident;
use kycsim_scenarios::vendor::Order;
use kycsim_simulator::{Filter, Pattern, Subject, Times};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;

thread_local! {
    static STAGE: LazyCell<Stage> = const { LazyCell::new(Stage::set) };
}

fuzz_target!(|json: &[u8]| {
    STAGE.with(|stage| {
        let tenant = stage.vendor.tenant();
        if let Ok(pattern) = serde_json::from_slice::<Pattern>(json) {
            let verified = tenant.verify(&pattern, Times::exactly(1));
            assert!(!verified.to_string().is_empty());
        }
        if let Some(filter) = read::<Filter>(json) {
            assert!(tenant.journal().since(0, 10, &filter).entries.len() <= 1);
        }
        if let Some(times) = read::<Times>(json) {
            let _ = tenant.verify(&Pattern::Request(Default::default()), times);
        }
        if let Some(order) = read::<Order>(json) {
            let subject = Subject::Applicant("a-000001".to_owned());
            tenant.order(&subject, order).expect("there is room");
            assert!(tenant.withdraw_order(&subject));
        }
        if let Some(incident) = read::<Incident>(json) {
            for seconds in [0, 1, 90, 86_400] {
                let now = SimTime::from_start(Duration::from_secs(seconds));
                if let Some(active) = incident.active(incident.begins(), now) {
                    assert!(active.ends > now && active.strength > 0.0 && active.strength <= 1.0);
                }
            }
        }
    });
});

fn read<T: DeserializeOwned + Serialize + PartialEq + Debug>(json: &[u8]) -> Option<T> {
    let read: T = serde_json::from_slice(json).ok()?;
    let written = serde_json::to_string(&read).expect("what was read can be written");
    assert_eq!(serde_json::from_str::<T>(&written).as_ref().ok(), Some(&read), "{written}");
    Some(read)
}
