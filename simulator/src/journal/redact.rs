//! What is never written down: the values of headers and query parameters that look like secrets.

use std::borrow::Cow;

/// Stands where a secret stood.
pub(super) const REDACTED: &str = "[redacted]";

/// Names that nearly every request has, and that hide nothing: they are not searched for the marks below.
const HARMLESS: [&str; 9] =
    ["host", "accept", "user-agent", "content-type", "content-length", "accept-encoding", "connection", "idempotency-key", "date"];

/// Parts of names whose values are secrets, in small letters. Signatures are none: they prove what was sent, and tests look at them.
const SECRET_NAMES: [&str; 14] = [
    "auth",
    "cookie",
    "token",
    "secret",
    "passw",
    "credential",
    "apikey",
    "api-key",
    "api_key",
    "access-key",
    "access_key",
    "private-key",
    "private_key",
    "session-key",
];

/// How values begin that are secrets whatever their name is, in small letters: credentials, JSON web tokens, the keys of common vendors.
const SECRET_BEGINNINGS: [&str; 7] = ["bearer ", "basic ", "digest ", "eyj", "whsec_", "sk_", "-----begin"];

/// Returns whether what is called `name` and reads `value` must not be kept. `name` may be in any case.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    !HARMLESS.contains(&name) && (SECRET_NAMES.iter().any(|part| contains_ignoring_case(name, part)) || looks_secret(value))
}

fn looks_secret(value: &str) -> bool {
    let value = value.trim_start().as_bytes();
    SECRET_BEGINNINGS
        .iter()
        .any(|beginning| value.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning.as_bytes())))
}

fn contains_ignoring_case(text: &str, part: &str) -> bool {
    text.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

/// Returns a query as it may be kept.
pub(super) fn query(raw: &str) -> Cow<'_, str> {
    if !form_urlencoded::parse(raw.as_bytes()).any(|(name, value)| is_secret(&name, &value)) {
        return Cow::Borrowed(raw);
    }
    let mut kept = String::with_capacity(raw.len());
    for pair in raw.split('&') {
        if !kept.is_empty() {
            kept.push('&');
        }
        let secret = form_urlencoded::parse(pair.as_bytes()).any(|(name, value)| is_secret(&name, &value));
        match (secret, pair.split_once('=')) {
            (true, Some((name, _))) => {
                kept.push_str(name);
                kept.push('=');
                kept.push_str(REDACTED);
            }
            (true | false, _) => kept.push_str(pair),
        }
    }
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_name() {
        for name in
            ["authorization", "Proxy-Authorization", "cookie", "set-cookie", "X-API-Key", "x-auth-token", "client_secret", "password"]
        {
            assert!(is_secret(name, "hunter2"), "{name}");
        }
        for name in ["host", "x-request-id", "idempotency-key", "x-signature", "webhook-id", "traceparent"] {
            assert!(!is_secret(name, "hunter2"), "{name}");
        }
    }

    #[test]
    fn secrets_are_known_by_how_they_begin() {
        for value in ["Bearer x", "basic eDp5", "eyJhbGciOi.J9.x", "whsec_abc", " sk_test_1", "-----BEGIN PRIVATE KEY-----"] {
            assert!(is_secret("x-whatever", value), "{value}");
        }
        assert!(!is_secret("x-whatever", "sketch, bearer of bad news, é"));
    }

    #[test]
    fn a_query_keeps_what_is_no_secret() {
        assert_eq!(query("a=1&api_key=hunter2&b&token=x"), "a=1&api_key=[redacted]&b&token=[redacted]");
        assert_eq!(query("api%5Fkey=hunter2"), "api%5Fkey=[redacted]", "the name is read as a receiver reads it");
        assert!(matches!(query("a=1&b=2"), Cow::Borrowed("a=1&b=2")));
    }
}
