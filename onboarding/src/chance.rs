//! Chance, straight from the operating system: tokens must not be guessed, and jitter may as well come from there.

/// Returns bytes nobody can predict.
///
/// # Panics
/// When the operating system has no randomness to give; nothing here could go on safely without it.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// Returns a number from 0 up to, but not including, 1.
pub(crate) fn share() -> f64 {
    f64::from(u32::from_le_bytes(bytes())) / (f64::from(u32::MAX) + 1.0)
}
