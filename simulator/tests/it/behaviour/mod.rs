//! What a vendor does well and badly, one behaviour a test, through the library that tests use. Time stands still but where a test moves it.

mod answers;
mod callbacks;
mod defects;
mod holds;
mod incidents;
mod orders;
mod outcomes;
mod scene;
