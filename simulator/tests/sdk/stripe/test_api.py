"""Errors, repetitions, lists and limits, as the official library sees them."""

import threading
import time

import pytest
import stripe


def test_each_class_of_errors_is_the_librarys_own(vendor):
    with pytest.raises(stripe.InvalidRequestError) as missing:
        vendor.sessions.create({})
    assert (missing.value.code, missing.value.param, missing.value.http_status) == ("parameter_missing", "type", 400)
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        vendor.sessions.create({"type": "document", "colour": "red"})
    assert (unknown.value.code, unknown.value.param) == ("parameter_unknown", "colour")
    with pytest.raises(stripe.InvalidRequestError) as wrong:
        vendor.create(options={"document": {"allowed_types": ["pasport"]}})
    assert wrong.value.param == "options[document][allowed_types][0]"
    with pytest.raises(stripe.InvalidRequestError) as nobody:
        vendor.sessions.retrieve("vs_nope")
    assert (nobody.value.http_status, nobody.value.code, nobody.value.param) == (404, "resource_missing", "session")
    assert nobody.value.request_id.startswith("req_")
    with pytest.raises(stripe.AuthenticationError) as stranger:
        vendor.with_key("sk_test_nobody").v1.identity.verification_sessions.retrieve("vs_nope")
    assert (stranger.value.http_status, "Invalid API Key" in stranger.value.user_message) == (401, True)
    with pytest.raises(stripe.InvalidRequestError) as nowhere:
        vendor.client.raw_request("get", "/v1/identity/verification_session")
    assert "Unrecognized request URL" in nowhere.value.user_message


def test_faults_are_in_the_envelope(vendor):
    fault = {"endpoints": ["get_session"], "http": {"fault": "error", "status": 503}}
    vendor.order("a-1", responses=[fault])
    session = vendor.create()
    with pytest.raises(stripe.APIError) as fault:
        vendor.sessions.retrieve(session.id)
    assert (fault.value.http_status, fault.value.error.type) == (503, "api_error")
    assert fault.value.request_id.startswith("req_")


def test_the_library_tries_again_by_itself(vendor):
    vendor.order("a-1", responses=[{"endpoints": ["create_session"], "http": {"fault": "error", "status": 502, "fail_next": 1}}])
    patient = vendor.with_key(vendor.key, max_network_retries=2)
    session = patient.v1.identity.verification_sessions.create({"type": "document", "client_reference_id": "a-1"})
    assert session.status == "requires_input"


def test_limits_are_named(vendor):
    limit = {"name": "limited", "at": "0s", "lasts": "1h", "http": {"fault": "error", "status": 429}}
    vendor.admin("POST", "/incidents", {"incident": limit, "for": "5m"})
    with pytest.raises(stripe.RateLimitError) as limited:
        vendor.create()
    assert limited.value.headers["Stripe-Rate-Limited-Reason"] == "global-rate"


def test_a_request_that_comes_again_is_answered_again(vendor):
    options = {"idempotency_key": "the-same"}
    params = {"type": "document", "client_reference_id": "a-1"}
    first, again = vendor.sessions.create(params, options), vendor.sessions.create(params, options)
    assert first.id == again.id and first.url == again.url
    headers = again.last_response.headers
    assert (headers["Idempotent-Replayed"], headers["Idempotency-Key"]) == ("true", "the-same")
    assert headers["Original-Request"] == first.last_response.request_id != again.last_response.request_id
    assert headers["Stripe-Version"] == stripe.api_version
    with pytest.raises(stripe.IdempotencyError) as other:
        vendor.sessions.create({**params, "client_reference_id": "a-2"}, options)
    assert other.value.http_status == 400
    assert len(vendor.sessions.list().data) == 1


def test_a_fault_of_the_vendors_own_is_kept(vendor):
    vendor.order("a-1", responses=[{"endpoints": ["create_session"], "http": {"fault": "error", "status": 500, "fail_next": 1}}])
    params, options = {"type": "document", "client_reference_id": "a-1"}, {"idempotency_key": "unlucky"}
    for _ in range(2):
        with pytest.raises(stripe.APIError) as fault:
            vendor.sessions.create(params, options)
        assert fault.value.http_status == 500
    assert fault.value.headers["Idempotent-Replayed"] == "true"
    assert vendor.sessions.create(params, {"idempotency_key": "luckier"}).id


def test_a_key_in_flight_is_refused(live_vendor):
    slow = {"name": "slow", "at": "0s", "lasts": "1h", "slow": {"distribution": "constant", "value": "2s"}}
    live_vendor.admin("POST", "/incidents", {"incident": slow, "for": "5m"})
    params, options = {"type": "document", "client_reference_id": "a-1"}, {"idempotency_key": "once"}
    first = threading.Thread(target=lambda: live_vendor.sessions.create(params, options))
    first.start()
    time.sleep(0.5)
    with pytest.raises(stripe.APIError) as busy:
        live_vendor.sessions.create(params, options)
    assert (busy.value.http_status, busy.value.error.code) == (409, "idempotency_key_in_use")
    first.join()


def test_pages_are_turned_while_new_sessions_arrive(vendor):
    made = [vendor.create(f"a-{number}").id for number in range(7)]
    pages = vendor.sessions.list({"limit": 3})
    assert (pages.url, pages.has_more) == ("/v1/identity/verification_sessions", True)
    vendor.create("late")
    assert [session.id for session in pages.auto_paging_iter()] == made[::-1]
    before = vendor.sessions.list({"limit": 2, "ending_before": made[3]})
    assert [session.id for session in before.data] == [made[5], made[4]]


def test_lists_are_filtered(vendor):
    first, second = vendor.create("a-1"), vendor.create("a-2")
    vendor.testing(second.id, "testing/verify")
    ids = lambda **params: [session.id for session in vendor.sessions.list(params).data]
    assert ids(client_reference_id="a-1") == [first.id]
    assert ids(status="verified") == [second.id] and ids(status="requires_input") == [first.id]
    assert ids(created={"gte": first.created}) == [second.id, first.id] and ids(created={"lt": first.created}) == []
    outputs = vendor.sessions.list({"expand": ["data.verified_outputs"], "status": "verified"}).data[0].verified_outputs
    assert outputs.last_name
    assert len(vendor.client.v1.identity.verification_reports.list({"type": "document"}).data) == 1
