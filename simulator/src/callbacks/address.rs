//! Where callbacks may go: to this machine only, found out once, when the address is read.

use std::fmt;
use std::net::IpAddr;

use hyper::Uri;
use hyper::http::uri::Scheme;

/// Longer than any address that a test has.
const LENGTH_MAX: usize = 2048;

/// An address of this machine that callbacks may go to.
#[derive(Clone, PartialEq, Eq)]
pub struct CallbackUrl {
    uri: Uri,
}

/// Why an address is refused. A fake vendor that could be sent anywhere would be a weapon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the callback address is refused: {reason}")]
pub struct InvalidCallbackUrl {
    /// What would be right.
    pub(crate) reason: &'static str,
}

impl CallbackUrl {
    /// Reads an address such as `http://127.0.0.1:8080/callbacks`.
    ///
    /// # Errors
    /// [`InvalidCallbackUrl`] when it is no `http` address of a loopback host.
    pub fn parse(text: &str) -> Result<Self, InvalidCallbackUrl> {
        let refuse = |reason| Err(InvalidCallbackUrl { reason });
        if text.len() > LENGTH_MAX {
            return refuse("it is longer than 2048 bytes");
        }
        let Ok(uri) = text.parse::<Uri>() else { return refuse("it is not an address such as http://127.0.0.1:8080/callbacks") };
        if uri.scheme() != Some(&Scheme::HTTP) {
            return refuse("only http is spoken");
        }
        let Some(authority) = uri.authority() else { return refuse("it names no host") };
        if authority.as_str().contains('@') {
            return refuse("it must not name a user");
        }
        if !is_loopback(authority.host()) {
            return refuse("only loopback hosts are allowed: 127.0.0.1, [::1] or localhost");
        }
        Ok(Self { uri })
    }

    pub(crate) const fn as_uri(&self) -> &Uri {
        &self.uri
    }

    /// Who answers there: host and port.
    pub(crate) fn receiver(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

impl fmt::Debug for CallbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallbackUrl({}, path and query [redacted])", self.receiver()) // customers put secrets there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_allowed() {
        for text in ["http://127.0.0.1:8080/hook", "http://localhost/a?b=c", "http://[::1]:9/", "http://127.9.9.9", "http://LOCALHOST:1/"] {
            assert!(CallbackUrl::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "/hook",
            "localhost:8080",
            "https://127.0.0.1/",
            "http://192.0.2.1/",
            "http://example.org/",
            "http://localhost.example.org/",
            "http://user@127.0.0.1/",
            "http://127.0.0.1@example.org/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://10.0.0.1/",
            "http://2130706433/",
            "ftp://127.0.0.1/",
        ] {
            assert!(CallbackUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_path_does_not_show_itself() {
        let shown = format!("{:?}", CallbackUrl::parse("http://127.0.0.1:1/token-hunter2?x=hunter2").unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
