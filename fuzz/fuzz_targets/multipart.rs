//! Whatever comes as a form, cut anyhow: it is answered, and the same as when it comes whole.
//!
//! The first byte of the input says how many lengths of pieces follow; then comes the form, whose boundary is `b`.

#![no_main]

use bytes::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::{Response, StatusCode};
use kycsim_fuzz::{Stage, check, cut, request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((count, rest)) = input.split_first() else { return };
    let (lengths, form) = rest.split_at(usize::from(*count).min(rest.len()));
    let form = Bytes::copy_from_slice(form);
    let stage = Stage::set();
    for place in ["documents", "selfies"] {
        let whole = upload(&stage, place, vec![form.clone()]);
        let in_pieces = upload(&stage, place, cut(&form, lengths));
        let (said, cut) = (check(&whole), check(&in_pieces));
        assert_eq!(whole.status(), in_pieces.status(), "{said} {cut}");
        for part in ["code", "param"] {
            assert_eq!(said["error"][part], cut["error"][part]);
        }
        assert_eq!((&said["bytes"], &said["side"]), (&cut["bytes"], &cut["side"]));
        if whole.status() == StatusCode::CREATED {
            assert!(said["bytes"].as_u64().is_some_and(|bytes| bytes < form.len() as u64), "{said}");
        }
    }
});

fn upload(stage: &Stage, place: &str, pieces: Vec<Bytes>) -> Response<Bytes> {
    let request = request("POST", &format!("/v1/sessions/{}/{place}", stage.session))
        .header(CONTENT_TYPE, "multipart/form-data; boundary=b")
        .body(pieces)
        .expect("it is sound");
    stage.vendor.ask(request).expect("what comes whole is answered")
}
