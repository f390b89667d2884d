//! The result model of a run, and its faces.
//!
//! [`model::Run`] is the contract between everything that measures and everything that shows. A face is a function of it and a writer; it
//! computes nothing that another face would have to compute again.

pub mod model;
