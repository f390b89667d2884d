//! Whatever comes as a request: it is answered in the dialect's words, the same however its body is cut, and the same when it comes again.
//!
//! The input is a request as people write it: method and path (in which `{id}` is a session's), headers, an empty line, the body.

#![no_main]

use bytes::Bytes;
use hyper::{Request, Response};
use kycsim_fuzz::{Stage, check, cut, request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let (head, body) = match input.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&input[..end], Bytes::copy_from_slice(&input[end + 2..])),
        None => (input, Bytes::new()),
    };
    let Ok(head) = str::from_utf8(head) else { return };
    let stage = Stage::set();
    let Some(whole) = read(head, &stage, vec![body.clone()]) else { return };
    let repeatable = whole.headers().contains_key("idempotency-key");
    let first = ask(&stage, whole.clone());
    let (status, said) = (first.status(), check(&first));
    if repeatable && status.is_success() {
        let again = ask(&stage, whole);
        assert_eq!((again.status(), again.body()), (status, first.body()), "the same request, the same answer");
    }
    let other = Stage::set();
    let lengths = [u8::try_from(body.len() % 7).unwrap_or(0) + 1, 0, 3];
    let Some(in_pieces) = read(head, &other, cut(&body, &lengths)) else { return };
    let cut = check(&ask(&other, in_pieces));
    assert_eq!((&cut["error"]["code"], &cut["error"]["param"], &cut["id"]), (&said["error"]["code"], &said["error"]["param"], &said["id"]));
});

fn ask(stage: &Stage, request: Request<Vec<Bytes>>) -> Response<Bytes> {
    stage.vendor.ask(request).expect("what comes whole is answered")
}

fn read(head: &str, stage: &Stage, body: Vec<Bytes>) -> Option<Request<Vec<Bytes>>> {
    let mut lines = head.lines();
    let (method, path) = lines.next()?.split_once(' ')?;
    let mut request = request(method, &path.replace("{id}", &stage.session));
    for line in lines {
        let (name, value) = line.split_once(':')?;
        request = request.header(name, value.trim());
    }
    request.body(body).ok()
}
