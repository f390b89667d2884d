//! `kycsim vendor --state`: a vendor that is stopped goes on when it is started again.

use serde_json::{Value, json};

use crate::command::{SMALL, Server, outcome, scenario_file};

async fn ask(request: reqwest::RequestBuilder) -> Value {
    request.bearer_auth("kycsim-test-key").send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_session_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = scenario_file(folder.path(), SMALL);
    let state = folder.path().join("vendor.json").to_str().unwrap().to_owned();
    let args = ["vendor", &scenario, "--listen", "127.0.0.1:0", "--state", &state];
    let client = reqwest::Client::builder().no_proxy().build().unwrap();

    let vendor = Server::start(&args);
    let new = json!({"reference": "a-1", "country": "DE", "document_type": "id_card"});
    let begun = ask(client.post(format!("{}/v1/sessions", vendor.url)).json(&new)).await;
    assert_eq!(vendor.end("TERM"), Some(0));

    let vendor = Server::start(&args);
    let path = format!("/v1/sessions/{}", begun["id"].as_str().unwrap());
    assert_eq!(ask(client.get(format!("{}{path}", vendor.url))).await, begun);
    assert_eq!(vendor.end("INT"), Some(0));

    std::fs::write(&state, "{\"format\": 1, ").unwrap();
    let (exit, _, stderr) = outcome(&args);
    assert!(exit == 2 && stderr.contains("vendor.json` is damaged"), "{exit} {stderr}");
}
