//! The JSON Schema agrees with what the reader accepts, as far as a schema can.

use kycsim_scenarios::{catalogue, schema};

#[test]
fn the_schema_names_every_key_of_the_catalogue() {
    let schema = serde_json::to_string(&schema::scenario()).unwrap();
    for name in catalogue::names() {
        let scenario: toml::Value = toml::from_str(catalogue::text(name).unwrap()).unwrap();
        // Narrowed objectives are patterns there, which a test of their own holds against what is read.
        for key in keys(&scenario).into_iter().filter(|key| !key.contains(' ')) {
            assert!(schema.contains(&format!("\"{key}\"")), "`{key}` of {name} is not in the schema");
        }
    }
}

fn keys(value: &toml::Value) -> Vec<String> {
    match value {
        toml::Value::Table(table) => table.iter().flat_map(|(key, value)| std::iter::once(key.clone()).chain(keys(value))).collect(),
        toml::Value::Array(items) => items.iter().flat_map(keys).collect(),
        toml::Value::String(_) | toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) | toml::Value::Datetime(_) => {
            Vec::new()
        }
    }
}
