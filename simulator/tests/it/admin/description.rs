//! The description of the API: complete, consistent, and the same as the document that people read.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::stage::{APPROVE, Stage};

const METHODS: [&str; 4] = ["get", "put", "post", "delete"];

async fn document() -> (Stage, Value) {
    let stage = Stage::set(APPROVE).await;
    let document = stage.ask("/openapi.json").await;
    (stage, document)
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| METHODS.iter().filter_map(move |method| Some((path.as_str(), *method, item.get(*method)?))))
}

fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(array) => array.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn it_is_whole() {
    let (_stage, document) = document().await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{method} {path}");
        assert!(operation["summary"].is_string() && operation["tags"][0].is_string(), "{method} {path}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("default") && responses.keys().any(|status| status.starts_with('2')), "{method} {path}");
        let shared = document["paths"][path]["parameters"].as_array().into_iter().flatten();
        let own = operation["parameters"].as_array().into_iter().flatten();
        let named: BTreeSet<&str> =
            shared.chain(own).filter(|each| each["in"] == "path").map(|each| each["name"].as_str().unwrap()).collect();
        let wanted: BTreeSet<&str> = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        assert_eq!(named, wanted, "{method} {path}");
    }
    assert!(ids.len() > 60, "{}", ids.len());
    let mut found = Vec::new();
    references(&document, &mut found);
    for reference in found {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
    }
}

#[tokio::test]
async fn every_address_that_it_names_is_there() {
    let (stage, document) = document().await;
    for (path, method, _) in operations(&document) {
        let path = path.replace("{tenant}", "default").replace("{id}", "0").replace('{', "").replace('}', "");
        if path.ends_with("/events") {
            continue; // it never ends; it has tests of its own
        }
        let answer = stage.client.request(method.to_uppercase().parse().unwrap(), stage.url(&path)).send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert!(!body.contains("no_such_resource") && status != 405 && status != 500, "{method} {path}: {status} {body}");
    }
}

#[tokio::test]
async fn the_document_for_people_names_every_address() {
    let (_stage, document) = document().await;
    let written = include_str!("../../../../docs/admin-api.md");
    let paths: &Map<String, Value> = document["paths"].as_object().unwrap();
    for path in paths.keys().filter(|path| !path.starts_with("/__admin/tenants/{tenant}/")) {
        let short = path.strip_prefix("/__admin/").unwrap();
        assert!(written.contains(&format!("`{short}`")), "docs/admin-api.md does not name `{short}`");
    }
}
