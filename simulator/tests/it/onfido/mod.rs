//! The Onfido dialect through its public face. `sdk/onfido` does the like with the official libraries.

mod classic;
mod errors;
mod kept;
mod page;
mod sandbox;
mod scene;
mod studio;
mod webhooks;
