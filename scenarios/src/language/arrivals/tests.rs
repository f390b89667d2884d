use std::sync::Arc;

use super::*;
use crate::time::SimTime;

fn read(keys: &str) -> Result<Arrivals, String> {
    toml::from_str(keys).map_err(|error: toml::de::Error| error.message().to_owned())
}

fn moments(keys: &str, seed: u64) -> Vec<f64> {
    read(keys).unwrap().schedule(seed).map(|arrival| arrival.at.as_secs_f64()).collect()
}

/// How many of them lie from one moment to another.
fn within(moments: &[f64], from: f64, until: f64) -> usize {
    moments.iter().filter(|at| (from..until).contains(*at)).count()
}

#[test]
fn constant_arrivals_are_evenly_spaced() {
    assert_eq!(moments("process = 'constant'\nrate = [{ at = '0s', per_second = 4 }]\nduration = '1s'", 1), [0.0, 0.25, 0.5, 0.75]);
}

#[test]
fn a_changed_rate_holds_from_its_step_on() {
    let stepped =
        moments("process = 'constant'\nrate = [{ at = '0s', per_second = 1 }, { at = '10s', per_second = 10 }]\nduration = '20s'", 1);
    assert_eq!((within(&stepped, 0.0, 10.0), within(&stepped, 10.0, 20.0)), (10, 100));
}

#[test]
fn a_ramp_is_a_straight_line() {
    let ramped = moments(
        "process = 'constant'\nrate = [{ at = '0s', per_second = 10 }, { at = '10s', per_second = 30, ramp = '10s' }]\nduration = '30s'",
        1,
    );
    // Halfway up the rate is 20: 150 come in the first half of the ramp... 5 s at 10 to 20, then 5 s at 20 to 30, then 10 s at 30.
    let counts = [(0.0, 10.0, 100), (10.0, 15.0, 75), (15.0, 20.0, 125), (20.0, 30.0, 300)];
    for (from, until, expected) in counts {
        assert!(within(&ramped, from, until).abs_diff(expected) <= 1, "{from} to {until}: {}", within(&ramped, from, until));
    }
    let from_nothing = moments("process = 'constant'\nrate = [{ at = '0s', per_second = 20, ramp = '10s' }]\nduration = '10s'", 1);
    assert!(from_nothing.len().abs_diff(100) <= 1, "{}", from_nothing.len());
}

#[test]
fn a_day_swings_and_brings_as_many_as_without() {
    let day = "process = 'constant'\nrate = [{ at = '0s', per_second = 20 }]\ndiurnal = { period = '60s', swing = 0.5, peak_at = '15s' }\nduration = '60s'";
    let day = moments(day, 1);
    assert!(day.len().abs_diff(1200) <= 1, "{}", day.len());
    // The half around the peak: 30 s of 20 a second, and 2 / pi of half of it more.
    assert!(within(&day, 0.0, 30.0).abs_diff(600 + 191) <= 1, "{}", within(&day, 0.0, 30.0));
}

#[test]
fn a_spike_comes_beside_the_others() {
    let spiked = moments(
        "process = 'constant'\nrate = [{ at = '0s', per_second = 10 }]\nspikes = [{ at = '5s', applicants = 200, over = '2s' }]\nduration = '10s'",
        1,
    );
    let counts = [(0.0, 5.0, 50), (5.0, 7.0, 220), (7.0, 10.0, 30)];
    for (from, until, expected) in counts {
        assert!(within(&spiked, from, until).abs_diff(expected) <= 1, "{from} to {until}: {}", within(&spiked, from, until));
    }
}

#[test]
fn poisson_arrivals_have_the_mean_and_the_spread_of_poisson() {
    let keys = "process = 'poisson'\nrate = [{ at = '0s', per_second = 5 }, { at = '10s', per_second = 20 }]\nduration = '20s'";
    let counts: Vec<f64> = (0..400).map(|seed| moments(keys, seed).len() as f64).collect();
    let mean = counts.iter().sum::<f64>() / 400.0;
    let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 399.0;
    // Expected: 250, with variance 250. Four standard errors: 3.2 on the mean, 71 on the variance.
    assert!((mean - 250.0).abs() < 3.2, "{mean}");
    assert!((variance - 250.0).abs() < 71.0, "{variance}");
}

#[test]
fn the_same_seed_gives_the_same_schedule() {
    let keys = "process = 'poisson'\nrate = [{ at = '0s', per_second = 5 }]\nduration = '60s'";
    assert_eq!(moments(keys, 3), moments(keys, 3));
    assert_ne!(moments(keys, 3), moments(keys, 4));
}

#[test]
fn a_trace_is_played_as_it_was_recorded() {
    let mut arrivals = read("process = 'trace'\ntrace = { file = 'monday.csv', speed = 10 }\nduration = '1m'").unwrap();
    let trace = arrivals.trace_mut().unwrap();
    trace.take_in("seconds,country\n0,DE\n25.5,FR\n\n20,DE\n601,DE\n").unwrap();
    let (kept, text) = trace.kept("arrivals.csv");
    let played: Vec<f64> = arrivals.schedule(7).map(|arrival| arrival.at.as_secs_f64()).collect();
    assert_eq!(played, [0.0, 2.0, 2.55], "the last comes after the end");
    let mut again = Trace::of("arrivals.csv", Arc::from([]));
    again.take_in(&text).unwrap();
    assert_eq!(again, kept);
    for bad in ["", "seconds\n", "seconds\n1\nnine\n", "seconds\n-1\n"] {
        assert!(Trace::of("x", Arc::from([])).take_in(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn in_a_closed_model_the_next_comes_when_one_has_ended() {
    let arrivals =
        read("process = 'closed'\nusers = 3\nthink_time = { distribution = 'constant', value = '2s' }\nduration = '1m'").unwrap();
    let first: Vec<(f64, u64)> = arrivals.schedule(7).map(|arrival| (arrival.at.as_secs_f64(), arrival.number)).collect();
    assert_eq!(first, [(2.0, 0), (2.0, 1), (2.0, 2)]);
    let at = |seconds: u64| SimTime::from_micros(seconds * 1_000_000);
    assert_eq!(arrivals.after(1, at(10), 7), Some(Arrival { at: at(12), number: 4 }));
    assert_eq!(arrivals.after(4, at(58), 7), None, "it is too late");
    let open = read("process = 'constant'\nrate = [{ at = '0s', per_second = 4 }]\nduration = '1s'").unwrap();
    assert_eq!(open.after(1, at(0), 7), None);
}

#[test]
fn what_is_written_is_read_again() {
    for keys in [
        "process = 'poisson'\nrate = [{ at = '0s', per_second = 5.0 }, { at = '5s', per_second = 9.0, ramp = '2s' }]\ndiurnal = { period = '1m', swing = 0.5, peak_at = '0s' }\nspikes = [{ at = '5s', applicants = 20, over = '1s' }]\nduration = '1m'",
        "process = 'trace'\ntrace = { file = 'a.csv', speed = 2.0 }\nduration = '1m'",
        "process = 'closed'\nusers = 3\nduration = '1m'",
    ] {
        let arrivals = read(keys).unwrap();
        assert_eq!(read(&toml::to_string(&arrivals).unwrap()).unwrap(), arrivals, "{keys}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_and_said() {
    let rate = "rate = [{ at = '0s', per_second = 5 }]";
    for (keys, expected) in [
        ("process = 'poisson'", "need `rate`"),
        ("process = 'closed'", "need `users`"),
        ("process = 'trace'", "need `trace`"),
        (&*format!("process = 'closed'\nusers = 3\n{rate}"), "have no `rate`"),
        (&format!("process = 'poisson'\n{rate}\nusers = 3"), "have no `users`"),
        (&format!("process = 'poisson'\n{rate}\ndiurnal = {{ period = '0s', swing = 0.1, peak_at = '0s' }}"), "no length"),
        (&format!("process = 'poisson'\n{rate}\nspikes = [{{ at = '0s', applicants = 5, over = '0s' }}]"), "no time at all"),
        ("process = 'closed'\nusers = 2000000", "too many"),
        ("process = 'poisson'\nrate = []", "is empty"),
        ("process = 'poisson'\nrate = [{ at = '1s', per_second = 5 }]", "must begin at"),
        ("process = 'poisson'\nrate = [{ at = '0s', per_second = 5 }, { at = '0s', per_second = 6 }]", "in order of time"),
        (
            "process = 'poisson'\nrate = [{ at = '0s', per_second = 5, ramp = '9s' }, { at = '8s', per_second = 6 }]",
            "begins at \"8s\" already",
        ),
    ] {
        let message = read(&format!("{keys}\nduration = '1m'")).unwrap_err();
        assert!(message.contains(expected), "{keys}: {message}");
    }
}
