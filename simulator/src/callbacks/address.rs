//! Where callbacks may go: to this machine, and to hosts that were allowed by name.
//!
//! An address is looked at when it is read, and what its name resolves to again when it is connected to (see `resolver`).

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use hyper::Uri;
use hyper::http::uri::Scheme;

use crate::snapshot::KeptUrl;

/// Longer than any address that a test has.
const LENGTH_MAX: usize = 2048;

/// An address that callbacks may go to.
#[derive(Clone, PartialEq, Eq)]
pub struct CallbackUrl {
    uri: Uri,
}

/// The hosts beside this machine that callbacks may go to, by name. There are none unless somebody says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts(Arc<BTreeSet<String>>);

impl AllowedHosts {
    /// Allows this host too: a name such as `host.docker.internal`, or an IP address. Only this very name, no other name of the same machine.
    #[must_use]
    pub fn allow(mut self, host: &str) -> Self {
        Arc::make_mut(&mut self.0).insert(bare(host).to_ascii_lowercase());
        self
    }

    /// Whether this host was allowed by name.
    pub(crate) fn names(&self, host: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&bare(host).to_ascii_lowercase())
    }

    /// Says why callbacks may not go to `url`, which may have been read with other hosts in mind.
    pub(crate) fn admit(&self, url: &CallbackUrl) -> Result<(), InvalidCallbackUrl> {
        let host = url.uri.host().unwrap_or_default();
        if is_loopback(host) || self.names(host) { Ok(()) } else { Err(InvalidCallbackUrl { reason: NOT_ALLOWED }) }
    }
}

const NOT_ALLOWED: &str =
    "only loopback hosts are allowed, 127.0.0.1, [::1] or localhost, and those that the vendor was told to allow by name";

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
        Self::parse_allowing(text, &AllowedHosts::default())
    }

    /// Reads an address of this machine, or of one of `hosts`.
    ///
    /// # Errors
    /// [`InvalidCallbackUrl`] when it is no `http` address of such a host.
    pub fn parse_allowing(text: &str, hosts: &AllowedHosts) -> Result<Self, InvalidCallbackUrl> {
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
        // What stands between host and port is read by some and ignored by others: `[::1]nonsense`.
        let behind = authority.as_str().strip_prefix(authority.host()).unwrap_or("nonsense");
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
        if !behind.is_empty() && !behind.strip_prefix(':').is_some_and(is_port) {
            return refuse("behind its host there may be a port, and nothing else");
        }
        let url = Self { uri };
        hosts.admit(&url).map(|()| url)
    }

    pub(crate) const fn as_uri(&self) -> &Uri {
        &self.uri
    }

    /// Who answers there: host and port.
    pub(crate) fn receiver(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }
}

impl From<&CallbackUrl> for KeptUrl {
    fn from(url: &CallbackUrl) -> Self {
        Self(url.uri.to_string())
    }
}

impl KeptUrl {
    /// Returns the address, if callbacks may go there now.
    pub(crate) fn admitted(&self, hosts: &AllowedHosts) -> Result<CallbackUrl, InvalidCallbackUrl> {
        CallbackUrl::parse_allowing(&self.0, hosts)
    }
}

/// Returns a host without the brackets that an IPv6 address has in an address. Nothing else may have them: `[localhost]` names nobody.
fn bare(host: &str) -> &str {
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inside.filter(|inside| inside.parse::<Ipv6Addr>().is_ok()).unwrap_or(host)
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || bare(host).parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
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
            "http://[::1]nonsense/",
            "http://[::1]nonsense:80/",
            "http://127.0.0.1:/",
            "http://127.0.0.1:65536/",
            "http://127.0.0.1:+80/",
            "http://[127.0.0.1]/",
            "http://[localhost]/",
        ] {
            assert!(CallbackUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_host_is_allowed_by_its_very_name() {
        let hosts = AllowedHosts::default().allow("Backend.test").allow("192.0.2.7").allow("[2001:db8::1]");
        let parse = |text| CallbackUrl::parse_allowing(text, &hosts);
        for text in
            ["http://backend.test:8080/hook", "http://BACKEND.TEST/", "http://192.0.2.7/", "http://[2001:db8::1]:9/", "http://127.0.0.1/"]
        {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in [
            "http://other.test/",
            "http://a.backend.test/",
            "http://backend.test.example.org/",
            "http://192.0.2.8/",
            "http://[backend.test]/",
            "https://backend.test/",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let elsewhere = parse("http://backend.test/").unwrap();
        assert!(hosts.admit(&elsewhere).is_ok() && AllowedHosts::default().admit(&elsewhere).is_err());
    }

    #[test]
    fn the_path_does_not_show_itself() {
        let shown = format!("{:?}", CallbackUrl::parse("http://127.0.0.1:1/token-hunter2?x=hunter2").unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
