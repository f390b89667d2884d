//! The load test against whole worlds: a fake vendor, a backend, Goose, and real HTTP between them.

#![expect(clippy::unwrap_used, reason = "a test may panic; that is how it fails")]

mod arrivals;
mod determinism;
mod freezing_backend;
mod naive_backend;
mod verdict;
mod world;
mod zoo;
