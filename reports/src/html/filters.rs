//! [`figures`](crate::figures) and [`wording`](crate::wording) as filters, so that a template reads `{{ latency.p95|duration }}`.

#![expect(unreachable_pub, reason = "the macro makes each filter a public type; the module is private")]

use askama::Values;

use crate::{figures, wording};

#[askama::filter_fn]
pub(super) fn duration(seconds: &f64, _: &dyn Values) -> askama::Result<String> {
    Ok(figures::duration(*seconds))
}

#[askama::filter_fn]
pub(super) fn maybe_duration(seconds: &Option<f64>, _: &dyn Values) -> askama::Result<String> {
    Ok(seconds.map_or_else(|| figures::NONE.to_owned(), figures::duration))
}

#[askama::filter_fn]
pub(super) fn clock(seconds: &f64, _: &dyn Values) -> askama::Result<String> {
    Ok(figures::clock(*seconds))
}

#[askama::filter_fn]
pub(super) fn share(share: &f64, _: &dyn Values) -> askama::Result<String> {
    Ok(figures::share(*share))
}

#[askama::filter_fn]
pub(super) fn maybe_share(share: &Option<f64>, _: &dyn Values) -> askama::Result<String> {
    Ok(share.map_or_else(|| figures::NONE.to_owned(), figures::share))
}

#[askama::filter_fn]
pub(super) fn count(count: &u64, _: &dyn Values) -> askama::Result<String> {
    Ok(figures::count(*count))
}

#[askama::filter_fn]
pub(super) fn count32(count: &u32, _: &dyn Values) -> askama::Result<String> {
    Ok(figures::count(u64::from(*count)))
}

#[askama::filter_fn]
pub(super) fn decimal(value: &f64, _: &dyn Values) -> askama::Result<String> {
    Ok(figures::decimal(*value))
}

#[askama::filter_fn]
pub(super) fn moment(rfc3339: &str, _: &dyn Values) -> askama::Result<String> {
    Ok(figures::moment(rfc3339))
}

#[askama::filter_fn]
pub(super) fn words(name: &str, _: &dyn Values) -> askama::Result<String> {
    Ok(wording::name(name))
}

#[askama::filter_fn]
pub(super) fn counted(number: &u64, _: &dyn Values, singular: &str, plural: &str) -> askama::Result<String> {
    Ok(figures::counted(*number, singular, plural))
}

#[askama::filter_fn]
pub(super) fn share_of(part: &u64, _: &dyn Values, whole: &u64) -> askama::Result<String> {
    Ok(figures::share_of(*part, *whole))
}
