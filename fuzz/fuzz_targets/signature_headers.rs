//! Whatever stands where a secret, a key or an address should: only the very key is known, what signs signs in form, and callbacks stay on this machine.

#![no_main]

use std::sync::LazyLock;

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderValue};
use kycsim_fuzz::Stage;
use kycsim_simulator::fuzzing::{API_KEY, signature};
use kycsim_simulator::{AllowedHosts, ApiKey, CallbackUrl};
use libfuzzer_sys::fuzz_target;
use url::{Host, Url};

/// The one host elsewhere that is allowed.
const ALLOWED: &str = "backend.test";

struct Parts {
    stage: Stage,
    hosts: AllowedHosts,
}

thread_local! {
    static PARTS: LazyLock<Parts> = LazyLock::new(|| Parts { stage: Stage::set(), hosts: AllowedHosts::default().allow(ALLOWED) });
}

fuzz_target!(|input: &[u8]| {
    PARTS.with(|parts| {
        authorization(&parts.stage, input);
        let Ok(text) = str::from_utf8(input) else { return };
        secret(text);
        if ApiKey::new(text).is_ok() {
            assert!(HeaderValue::from_str(&format!("Bearer {text}")).is_ok(), "a key can stand in a header");
        }
        if CallbackUrl::parse(text).is_ok() {
            assert!(is_here(text, false), "{text}");
            assert!(CallbackUrl::parse_allowing(text, &parts.hosts).is_ok(), "allowing more refuses nothing");
        }
        if CallbackUrl::parse_allowing(text, &parts.hosts).is_ok() {
            assert!(is_here(text, true), "{text}");
        }
    });
});

fn authorization(stage: &Stage, bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
    let is_the_key =
        bytes.split_at_checked(7).is_some_and(|(scheme, key)| scheme.eq_ignore_ascii_case(b"bearer ") && key == API_KEY.as_bytes());
    assert_eq!(stage.vendor.knows(&headers), is_the_key);
}

fn secret(text: &str) {
    let Ok(signed) = signature(text, "evt_1", 1, b"{}") else { return };
    assert!(text.starts_with("whsec_") && (38..=94).contains(&text.len()), "24 to 64 bytes in base64");
    assert!(signed.strip_prefix("v1,").is_some_and(|code| code.len() == 44), "{signed}");
}

/// Whether a browser would stay on this machine too.
fn is_here(text: &str, elsewhere: bool) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let stays = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || (elsewhere && name == ALLOWED),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    };
    stays && url.scheme() == "http" && url.username().is_empty() && url.password().is_none()
}
