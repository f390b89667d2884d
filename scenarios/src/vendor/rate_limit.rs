use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::request::Operation;
use crate::language::RateLimit;
use crate::time::SimTime;

/// The token buckets of one API key.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RateLimiter {
    /// Those in use, by limit and endpoint: as many as there are limits times endpoints, at most.
    buckets: Vec<Bucket>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Bucket {
    limit: usize,
    /// None when all endpoints share it.
    endpoint: Option<Operation>,
    tokens: f64,
    filled: SimTime,
}

/// A request that came too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    /// What it is answered.
    pub status: u16,
    /// When the next one would be taken.
    pub retry_after: Duration,
}

impl RateLimiter {
    /// Takes a token from every bucket that a request for `operation` needs, or from none when one of them is empty.
    ///
    /// # Errors
    /// [`Limited`] by the first limit in the file whose bucket is empty.
    pub fn take(&mut self, limits: &[RateLimit], operation: Operation, now: SimTime) -> Result<(), Limited> {
        let concerned = |limit: &RateLimit| limit.endpoints.is_empty() || limit.endpoints.contains(&operation);
        let mut taken_from = Vec::new();
        for (index, limit) in limits.iter().enumerate().filter(|(_, limit)| concerned(limit)) {
            let place = self.bucket(index, limit, operation, now);
            let bucket = &mut self.buckets[place];
            let gained = (now - bucket.filled).as_secs_f64() * limit.per_second.value();
            bucket.tokens = (bucket.tokens + gained).min(f64::from(limit.burst));
            bucket.filled = bucket.filled.max(now);
            if bucket.tokens < 1.0 {
                let seconds = (1.0 - bucket.tokens) / limit.per_second.value();
                return Err(Limited { status: limit.status, retry_after: Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX) });
            }
            taken_from.push(place);
        }
        for place in taken_from {
            self.buckets[place].tokens -= 1.0;
        }
        Ok(())
    }

    fn bucket(&mut self, limit: usize, law: &RateLimit, operation: Operation, now: SimTime) -> usize {
        let endpoint = law.each_endpoint.then_some(operation);
        let known = self.buckets.iter().position(|bucket| bucket.limit == limit && bucket.endpoint == endpoint);
        known.unwrap_or_else(|| {
            self.buckets.push(Bucket { limit, endpoint, tokens: f64::from(law.burst), filled: now });
            self.buckets.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits(text: &str) -> Vec<RateLimit> {
        #[derive(serde::Deserialize)]
        struct Limits {
            limit: Vec<RateLimit>,
        }
        toml::from_str::<Limits>(text).unwrap().limit
    }

    fn millis(millis: u64) -> SimTime {
        SimTime::from_micros(millis * 1000)
    }

    #[test]
    fn a_burst_is_taken_and_then_the_rate() {
        let limits = limits("limit = [{ burst = 2, per_second = 10 }]");
        let mut limiter = RateLimiter::default();
        let mut take = |at| limiter.take(&limits, Operation::GetSession, millis(at));
        assert_eq!((take(0), take(0)), (Ok(()), Ok(())));
        assert_eq!(take(0), Err(Limited { status: 429, retry_after: Duration::from_millis(100) }));
        assert_eq!(take(60).unwrap_err().retry_after, Duration::from_millis(40));
        assert_eq!(take(100), Ok(()));
    }

    #[test]
    fn endpoints_may_have_buckets_of_their_own() {
        let limits = limits("limit = [{ burst = 1, per_second = 1, each_endpoint = true, status = 500 }]");
        let mut limiter = RateLimiter::default();
        assert_eq!(limiter.take(&limits, Operation::GetSession, millis(0)), Ok(()));
        assert_eq!(limiter.take(&limits, Operation::Submit, millis(0)), Ok(()));
        assert_eq!(limiter.take(&limits, Operation::Submit, millis(0)).unwrap_err().status, 500);
    }

    #[test]
    fn who_is_refused_by_one_bucket_takes_from_none() {
        let limits = limits("limit = [{ burst = 5, per_second = 0.001 }, { burst = 1, per_second = 0.001, endpoints = [\"submit\"] }]");
        let mut limiter = RateLimiter::default();
        let mut take = |operation| limiter.take(&limits, operation, millis(0)).is_ok();
        assert!(take(Operation::Submit));
        assert!(!take(Operation::Submit) && !take(Operation::Submit));
        assert_eq!((0..10).filter(|_| take(Operation::GetSession)).count(), 4);
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_burst_and_rate(gaps in prop::collection::vec(0_u64..300, 1..200), burst in 1_u32..20, rate in 1_u32..50) {
            let limits = limits(&format!("limit = [{{ burst = {burst}, per_second = {rate} }}]"));
            let mut limiter = RateLimiter::default();
            let (mut now, mut taken) = (0, 0_u32);
            for gap in gaps {
                now += gap;
                taken += u32::from(limiter.take(&limits, Operation::GetSession, millis(now)).is_ok());
                prop_assert!(f64::from(taken) <= f64::from(burst) + now as f64 / 1000.0 * f64::from(rate) + 1e-6);
            }
        }
    }
}
