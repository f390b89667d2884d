//! What the name of a receiver may stand for, asked again at every connection: a name that was fine when it was read may resolve to anything later.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use super::AllowedHosts;

/// Resolves names, and drops what is not on this machine unless the host was allowed by name. Addresses written as numbers never come here.
#[derive(Debug, Clone)]
pub(super) struct Guard<R = GaiResolver> {
    hosts: AllowedHosts,
    resolver: R,
}

impl Guard {
    pub(super) fn new(hosts: AllowedHosts) -> Self {
        Self { hosts, resolver: GaiResolver::new() }
    }
}

/// A name that must not be connected to.
#[derive(Debug, thiserror::Error)]
#[error("the name resolves to no loopback address, and was not allowed")]
struct Elsewhere;

impl<R> Service<Name> for Guard<R>
where
    R: Service<Name, Error = io::Error>,
    R::Response: Iterator<Item = SocketAddr>,
    R::Future: Send + 'static,
{
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.resolver.poll_ready(cx)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let allowed = self.hosts.names(name.as_str());
        let resolved = self.resolver.call(name);
        Box::pin(async move {
            let addresses: Vec<_> = resolved.await?.filter(|address| allowed || address.ip().to_canonical().is_loopback()).collect();
            if addresses.is_empty() { Err(io::Error::other(Elsewhere)) } else { Ok(addresses.into_iter()) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Knows one machine by every name.
    #[derive(Clone)]
    struct Always(&'static [&'static str]);

    impl Service<Name> for Always {
        type Response = std::vec::IntoIter<SocketAddr>;
        type Error = io::Error;
        type Future = std::future::Ready<io::Result<Self::Response>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Name) -> Self::Future {
            let addresses: Vec<SocketAddr> = self.0.iter().map(|address| address.parse().unwrap()).collect();
            std::future::ready(Ok(addresses.into_iter()))
        }
    }

    #[track_caller]
    fn check(name: &str, addresses: &'static [&'static str], expected: &[&str]) {
        let mut guard = Guard { hosts: AllowedHosts::default().allow("backend.test"), resolver: Always(addresses) };
        let resolved = futures_util::FutureExt::now_or_never(guard.call(name.parse().unwrap())).unwrap();
        let found: Vec<String> = resolved.map(|found| found.map(|address| address.to_string()).collect()).unwrap_or_default();
        assert_eq!(found, expected, "{name}");
    }

    #[test]
    fn a_name_that_resolves_elsewhere_is_refused_unless_it_was_allowed() {
        check("localhost", &["127.0.0.1:0", "[::1]:0"], &["127.0.0.1:0", "[::1]:0"]);
        check("localhost", &["192.0.2.1:0"], &[]);
        check("localhost", &["192.0.2.1:0", "127.0.0.1:0", "[::ffff:192.0.2.1]:0"], &["127.0.0.1:0"]);
        check("localhost", &["169.254.169.254:80", "0.0.0.0:0", "[::]:0"], &[]);
        check("backend.test", &["192.0.2.1:0"], &["192.0.2.1:0"]);
        check("other.test", &["192.0.2.1:0"], &[]);
    }
}
