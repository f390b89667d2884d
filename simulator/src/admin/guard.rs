//! Who may steer the vendor.
//!
//! Without a token: whoever is on this machine, and asks for it by a name of this machine. So a web page that has its own name point here (DNS
//! rebinding) is turned away by its `Host`. With a token: whoever shows it, under whatever name. In both cases a page of another origin is turned away
//! by what browsers say of it, and since no answer ever allows an origin, it could not read one either.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Method};

use super::problem::Problem;
use crate::config::Access;

/// Lets a request in, or says why not.
pub(super) fn admit(access: &Access, head: &Parts, peer: IpAddr) -> Result<(), Problem> {
    match access {
        Access::None => return Err(Problem::missing("no_such_resource", "there is no admin API")), // there is nobody to ask
        Access::Loopback => local(head, peer)?,
        Access::Token(token) => match offered(&head.headers) {
            None => return Err(Problem::unauthorized("missing_token", "show the admin token: `Authorization: Bearer …`")),
            Some(offered) if !token.is(&offered) => return Err(Problem::unauthorized("wrong_token", "that is not the admin token")),
            Some(_) => {}
        },
    }
    same_origin(head)?;
    form_from_here(head)
}

fn local(head: &Parts, peer: IpAddr) -> Result<(), Problem> {
    if !peer.to_canonical().is_loopback() {
        let message = "only this machine may steer the vendor; start it with an admin token (`kycsim vendor --admin-token`) to steer it from elsewhere";
        return Err(Problem::forbidden("not_loopback", message));
    }
    let named = host(head).is_some_and(|host| is_loopback(host.host()));
    if named {
        Ok(())
    } else {
        Err(Problem::forbidden("foreign_host", "ask for it as 127.0.0.1, localhost or [::1]: `Host` names another machine"))
    }
}

/// Whom the client believes to be asking: the `Host` header, which HTTP/2 has in the address.
fn host(head: &Parts) -> Option<Authority> {
    if head.headers.get_all(HOST).iter().count() > 1 {
        return None; // which of them was meant?
    }
    match head.headers.get(HOST) {
        Some(host) => host.to_str().ok()?.parse().ok(),
        None => head.uri.authority().cloned(),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Returns the token that a client shows: as a bearer, or as the password that a browser has asked for.
fn offered(headers: &HeaderMap) -> Option<Vec<u8>> {
    let (scheme, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().as_bytes().to_vec());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = STANDARD.decode(rest.trim()).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(pair[colon + 1..].to_vec())
}

/// Turns pages of other origins away. Browsers send `Origin` with everything that could change something, and say in `Sec-Fetch-Site` where else a
/// request comes from. Following a link here is no harm: it changes nothing, and the page that linked does not see the answer.
fn same_origin(head: &Parts) -> Result<(), Problem> {
    let foreign = || Err(Problem::forbidden("foreign_origin", "a page of another origin may not steer the vendor"));
    if let Some(origin) = head.headers.get(ORIGIN) {
        let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://")).and_then(|(_, rest)| rest.parse::<Authority>().ok());
        if origin.is_none() || origin != host(head) {
            return foreign();
        }
    }
    let says = |name: &str| head.headers.get(name).map(|value| value.as_bytes());
    let elsewhere = says("sec-fetch-site").is_some_and(|site| !matches!(site, b"same-origin" | b"none"));
    let follows_link = matches!(head.method, Method::GET | Method::HEAD) && says("sec-fetch-mode") == Some(b"navigate");
    if elsewhere && !follows_link { foreign() } else { Ok(()) }
}

/// A form could be sent from any page, without asking first. It must come from one of ours, and say so.
fn form_from_here(head: &Parts) -> Result<(), Problem> {
    let is_form = !matches!(head.method, Method::GET | Method::HEAD)
        && head.headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(FORM));
    let says_whence = head.headers.contains_key(ORIGIN) || head.headers.contains_key("sec-fetch-site");
    if is_form && !says_whence {
        return Err(Problem::forbidden("foreign_origin", "a form is taken from the control room only, and must say so in `Origin`"));
    }
    Ok(())
}

/// What the control room's forms are sent as.
pub(super) const FORM: &[u8] = b"application/x-www-form-urlencoded";

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;
    use crate::secret::AdminToken;

    const HERE: &str = "127.0.0.1";
    const TOKEN: &str = "a-token-of-the-tests";

    fn asked(access: &Access, peer: &str, method: &str, headers: &[(&str, &str)]) -> Result<(), &'static str> {
        let mut request = Request::builder().method(method).uri("/__admin/reset");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        admit(access, &head, peer.parse().unwrap()).map_err(|problem| problem.code)
    }

    #[test]
    fn without_a_token_this_machine_may_and_nobody_else() {
        for peer in [HERE, "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(asked(&Access::Loopback, peer, "POST", &[("host", "localhost:8460")]), Ok(()), "{peer}");
        }
        for peer in ["192.168.1.2", "::2", "::ffff:10.0.0.1", "0.0.0.0"] {
            assert_eq!(asked(&Access::Loopback, peer, "GET", &[("host", "localhost")]), Err("not_loopback"), "{peer}");
        }
    }

    #[test]
    fn without_a_token_the_host_must_be_this_machine() {
        for host in ["127.0.0.1", "127.0.0.1:8460", "localhost", "LocalHost:1", "[::1]", "[::1]:8460"] {
            assert_eq!(asked(&Access::Loopback, HERE, "POST", &[("host", host)]), Ok(()), "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8460", "10.0.0.1", "", "a b"] {
            assert_eq!(asked(&Access::Loopback, HERE, "GET", &[("host", host)]), Err("foreign_host"), "{host}");
        }
        assert_eq!(asked(&Access::Loopback, HERE, "GET", &[]), Err("foreign_host"));
        assert_eq!(asked(&Access::Loopback, HERE, "GET", &[("host", "localhost"), ("host", "evil.example")]), Err("foreign_host"));
    }

    #[test]
    fn with_a_token_it_must_be_shown_from_anywhere() {
        let access = Access::Token(AdminToken::new(TOKEN).unwrap());
        let with = |value: &str| asked(&access, "192.168.1.2", "POST", &[("host", "vendor.test"), ("authorization", value)]);
        assert_eq!(with(&format!("Bearer {TOKEN}")), Ok(()));
        assert_eq!(with(&format!("bearer {TOKEN}")), Ok(()));
        assert_eq!(with(&format!("Basic {}", STANDARD.encode(format!("anybody:{TOKEN}")))), Ok(()));
        assert_eq!(with(&format!("Basic {}", STANDARD.encode("anybody:else"))), Err("wrong_token"));
        assert_eq!(with("Bearer else"), Err("wrong_token"));
        for useless in [TOKEN, "Digest x", "Basic !", "Bearer"] {
            assert_eq!(with(useless), Err("missing_token"), "{useless}");
        }
        assert_eq!(asked(&access, HERE, "GET", &[("host", "localhost")]), Err("missing_token"), "not even this machine");
    }

    #[test]
    fn a_page_of_another_origin_is_turned_away() {
        let with =
            |method: &str, more: &[(&str, &str)]| asked(&Access::Loopback, HERE, method, &[&[("host", "127.0.0.1:8460")], more].concat());
        assert_eq!(with("POST", &[("origin", "http://127.0.0.1:8460")]), Ok(()));
        for origin in ["null", "http://evil.example", "http://127.0.0.1:3000", "http://localhost:8460", "127.0.0.1:8460", ""] {
            for method in ["GET", "POST", "DELETE"] {
                assert_eq!(with(method, &[("origin", origin)]), Err("foreign_origin"), "{method} {origin}");
            }
        }
        assert_eq!(with("GET", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")]), Err("foreign_origin"));
        assert_eq!(with("POST", &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate")]), Err("foreign_origin"));
        assert_eq!(with("GET", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]), Ok(()), "a link may lead here");
        assert_eq!(with("GET", &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")]), Ok(()));
    }

    #[test]
    fn a_form_says_where_it_comes_from() {
        let with = |more: &[(&str, &str)]| {
            let form = [("host", "localhost"), ("content-type", "application/x-www-form-urlencoded;charset=utf-8")];
            asked(&Access::Loopback, HERE, "POST", &[&form, more].concat())
        };
        assert_eq!(with(&[]), Err("foreign_origin"));
        assert_eq!(with(&[("origin", "http://localhost")]), Ok(()));
        assert_eq!(with(&[("sec-fetch-site", "same-origin")]), Ok(()));
    }
}
