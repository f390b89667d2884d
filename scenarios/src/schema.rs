//! The JSON Schema of a scenario file, for editors.

use schemars::{Schema, schema_for};

use crate::language::Scenario;

/// Returns the JSON Schema of a scenario file.
#[must_use]
pub fn scenario() -> Schema {
    schema_for!(Scenario)
}
