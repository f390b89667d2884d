//! The admin API, through HTTP: each resource, and who may use it.

mod browser;
mod clock;
mod description;
mod desk;
mod events;
mod guard;
mod incidents;
mod journal;
mod metrics;
mod orders;
mod room;
mod sessions;
mod tenants;
