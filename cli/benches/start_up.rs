//! How soon a fresh process answers: `kycsim vendor`, from its start to its first answer.
//!
//! `cargo bench -p kycsim --bench start_up`. Thirty starts; the client is a bare socket that tries again until somebody listens.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const STARTS: usize = 30;

fn main() {
    let mut times: Vec<Duration> = (0..STARTS).map(|_| start_to_first_answer()).collect();
    times.sort_unstable();
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "kycsim vendor, process start to first answer: median {:.1} ms, worst of {STARTS} {:.1} ms",
        millis(times[STARTS / 2]),
        millis(times[STARTS - 1])
    );
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn start_to_first_answer() -> Duration {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_kycsim"))
        .args(["vendor", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let address = line.trim_end().rsplit_once("http://").expect("an address").1;
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(b"GET /v1/sessions/none HTTP/1.1\r\nhost: vendor\r\nconnection: close\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let took = began.elapsed();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    child.kill().expect("it is there");
    child.wait().expect("it ends");
    took
}
