//! Sessions as a customer creates, reads, lists, changes and ends them.

use serde_json::{Value, json};

use super::{IN_8_S, SESSIONS, Scene, ids};

#[tokio::test]
async fn a_new_session_has_every_field() {
    let scene = Scene::set(IN_8_S).await;
    let made = scene
        .post(
            SESSIONS,
            "type=document&client_reference_id=a-1&metadata[user]=42&options[document][allowed_types][]=passport\
             &options%5Bdocument%5D%5Brequire_matching_selfie%5D=true&provided_details[email]=a%40example.org&return_url=https://example.org/",
        )
        .await;
    let fields: Vec<&String> = made.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        [
            "client_reference_id",
            "client_secret",
            "created",
            "id",
            "last_error",
            "last_verification_report",
            "livemode",
            "metadata",
            "object",
            "options",
            "provided_details",
            "redaction",
            "related_customer",
            "related_customer_account",
            "related_person",
            "status",
            "type",
            "url",
            "verification_flow"
        ]
    );
    assert_eq!(made["options"], json!({"document": {"allowed_types": ["passport"], "require_matching_selfie": true}}));
    assert_eq!(made["provided_details"], json!({"email": "a@example.org", "phone": null}));
    assert_eq!((&made["last_error"], &made["verification_flow"], &made["livemode"]), (&Value::Null, &Value::Null, &json!(false)));
    assert!(made["url"].as_str().unwrap().starts_with(&scene.url("/start/test_")));
}

#[tokio::test]
async fn what_makes_no_sense_is_blamed_by_its_name() {
    let scene = Scene::set(IN_8_S).await;
    for (form, expected) in [
        ("", (400, "parameter_missing", "type")),
        ("type=face", (400, "", "type")),
        ("type=document&colour=red", (400, "parameter_unknown", "colour")),
        ("type=document&options[document][colour]=red", (400, "parameter_unknown", "options[document][colour]")),
        ("type=document&options[document][allowed_types][0]=pasport", (400, "", "options[document][allowed_types][0]")),
        ("type=document&options[document][require_live_capture]=yes", (400, "", "options[document][require_live_capture]")),
        ("type=document&return_url=javascript:alert(1)", (400, "", "return_url")),
        ("type=document&expand[]=status", (400, "", "expand[0]")),
        ("type=document&related_person[person]=p", (400, "parameter_missing", "related_person[account]")),
    ] {
        assert_eq!(scene.sent(SESSIONS, form).await.error(), expected, "{form}");
    }
    let json = scene.request("POST", SESSIONS).json(&json!({"type": "document"})).send().await.unwrap();
    assert_eq!(json.status(), 400);
    assert_eq!(scene.asked(&format!("{SESSIONS}/vs_nope")).await.error(), (404, "resource_missing", "session"));
    assert_eq!(scene.asked("/v1/identity/sessions").await.status, 404);
    assert_eq!(ids(&scene.get(SESSIONS).await).len(), 0);
}

#[tokio::test]
async fn keys_are_told_apart() {
    let scene = Scene::set(IN_8_S).await;
    let get = |request: reqwest::RequestBuilder| async { request.send().await.unwrap().status().as_u16() };
    let bare = || scene.client.get(scene.url(SESSIONS));
    assert_eq!(get(bare()).await, 401);
    assert_eq!(get(bare().bearer_auth("sk_test_other")).await, 401);
    assert_eq!(get(bare().basic_auth(scene.vendor.api_key(), Some(""))).await, 200);
    assert_eq!(get(bare().bearer_auth("ek_test_forged")).await, 401);
}

#[tokio::test]
async fn what_comes_back_is_echoed() {
    let scene = Scene::set(IN_8_S).await;
    let get = scene.request("GET", &format!("{SESSIONS}/vs_nope")).header("stripe-version", "2019-02-30.anything");
    let answer = get.send().await.unwrap();
    assert_eq!(answer.headers()["stripe-version"], "2019-02-30.anything");
    assert!(answer.headers()["request-id"].to_str().unwrap().starts_with("req_"));
}

#[tokio::test]
async fn each_read_has_a_link_of_its_own_until_there_is_nothing_to_hand_in() {
    let scene = Scene::set(IN_8_S).await;
    let id = scene.create("a-1").await;
    let first = scene.session(&id).await;
    scene.advance(1).await;
    let second = scene.session(&id).await;
    assert_ne!(first["url"], second["url"]);
    assert_ne!(first["client_secret"], second["client_secret"]);
    scene.capture(&id).await;
    let processing = scene.session(&id).await;
    assert_eq!(
        (&processing["status"], &processing["url"], &processing["client_secret"]),
        (&json!("processing"), &Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn what_is_asked_for_is_expanded_and_nothing_else() {
    let scene = Scene::set(IN_8_S).await;
    let id = scene.create("a-1").await;
    let early = scene.get(&format!("{SESSIONS}/{id}?expand[]=verified_outputs")).await;
    assert_eq!(early.get("verified_outputs"), Some(&Value::Null));
    scene.capture(&id).await;
    scene.advance(8).await;
    let plain = scene.session(&id).await;
    assert!(plain.get("verified_outputs").is_none() && plain["last_verification_report"].is_string());
    let full =
        scene.get(&format!("{SESSIONS}/{id}?expand[0]=verified_outputs.dob&expand[1]=last_verification_report.document.number")).await;
    let outputs = &full["verified_outputs"];
    assert!(outputs["first_name"].is_string() && outputs["dob"]["year"].is_number() && outputs.get("id_number").is_none());
    let document = &full["last_verification_report"]["document"];
    assert!(document["number"].is_string() && document.get("dob").is_none());
    let again = scene.get(&format!("{SESSIONS}/{id}?expand[]=verified_outputs.dob")).await;
    assert_eq!(&again["verified_outputs"], outputs, "the same person every time");
    let list = scene.get(&format!("{SESSIONS}?expand%5B0%5D=data.verified_outputs")).await;
    assert_eq!(list["data"][0]["verified_outputs"]["last_name"], outputs["last_name"]);
}

#[tokio::test]
async fn pages_stay_put_while_new_sessions_arrive() {
    let scene = Scene::set(IN_8_S).await;
    let mut made = Vec::new();
    for number in 0..5 {
        made.insert(0, scene.create(&format!("a-{number}")).await);
    }
    let first = scene.get(&format!("{SESSIONS}?limit=2")).await;
    assert_eq!((ids(&first), &first["has_more"], &first["url"]), (vec![&made[0][..], &made[1]], &json!(true), &json!(SESSIONS)));
    scene.create("late").await;
    let next = scene.get(&format!("{SESSIONS}?limit=3&starting_after={}", made[1])).await;
    assert_eq!((ids(&next), &next["has_more"]), (vec![&made[2][..], &made[3], &made[4]], &json!(false)));
    let before = scene.get(&format!("{SESSIONS}?limit=1&ending_before={}", made[1])).await;
    assert_eq!((ids(&before), &before["has_more"]), (vec![&made[0][..]], &json!(true)));
    assert_eq!(scene.asked(&format!("{SESSIONS}?starting_after=vs_nope")).await.error(), (404, "resource_missing", "starting_after"));
    assert_eq!(scene.asked(&format!("{SESSIONS}?limit=101")).await.error(), (400, "", "limit"));
}

#[tokio::test]
async fn a_session_is_updated_only_before_it_is_verified_but_for_its_metadata() {
    let scene = Scene::set(IN_8_S).await;
    let id = scene.create("a-1").await;
    let path = format!("{SESSIONS}/{id}");
    let changed = scene.post(&path, "metadata[a]=1&metadata[b]=2&type=id_number&options[document]=").await;
    assert_eq!((&changed["metadata"], &changed["type"]), (&json!({"a": "1", "b": "2"}), &json!("id_number")));
    assert_eq!(changed["options"], json!({"id_number": {}}));
    scene.on_page(&id, "testing/verify", "").await;
    assert_eq!(scene.sent(&path, "options[document][require_matching_selfie]=true").await.status, 400);
    assert_eq!(scene.post(&path, "metadata[a]=").await["metadata"], json!({"b": "2"}));
}

#[tokio::test]
async fn a_session_ends_when_its_customer_says_so() {
    let scene = Scene::set(IN_8_S).await;
    let id = scene.create("a-1").await;
    let canceled = scene.post(&format!("{SESSIONS}/{id}/cancel"), "").await;
    assert_eq!((&canceled["status"], &canceled["url"]), (&json!("canceled"), &Value::Null));
    for end in ["cancel", "redact"] {
        assert_eq!(scene.sent(&format!("{SESSIONS}/{id}/{end}"), "").await.status, 400, "{end}");
    }
    let other = scene.create("a-2").await;
    scene.capture(&other).await;
    assert_eq!(scene.sent(&format!("{SESSIONS}/{other}/cancel"), "").await.status, 400, "it is processing");
    scene.advance(8).await;
    assert_eq!(scene.post(&format!("{SESSIONS}/{other}/redact"), "").await["redaction"], json!({"status": "processing"}));
    let redacted = scene.get(&format!("{SESSIONS}/{other}?expand[]=verified_outputs&expand[]=last_verification_report")).await;
    assert_eq!((&redacted["redaction"], &redacted["metadata"]), (&json!({"status": "redacted"}), &json!({})));
    assert_eq!(redacted["verified_outputs"]["first_name"], "[redacted]");
    assert_eq!(redacted["last_verification_report"]["document"]["last_name"], "[redacted]");
    scene.advance(0).await;
    assert_eq!(scene.told().await.iter().filter(|kind| *kind == "redacted").count(), 1);
}
