"""Callbacks, verified by the official library's own verifier."""

import json

import pytest
import stripe


def verified(vendor, delivery, secret=None):
    body, signature, _ = delivery
    return vendor.client.construct_event(body.decode(), signature, secret or vendor.secret)


def test_callbacks_are_genuine(vendor, receiver):
    session = vendor.create()
    vendor.testing(session.id, "testing/unverify")
    vendor.advance("1s")
    events = {event.type: event for event in [verified(vendor, delivery) for delivery in receiver.until(3)]}  # in whatever order
    created, processing, failed = (events[f"identity.verification_session.{kind}"] for kind in ("created", "processing", "requires_input"))
    assert created.request.id == session.last_response.request_id and created.request.idempotency_key
    assert created.data.object.status == "requires_input" and "previous_attributes" not in created.data
    assert processing.data.previous_attributes["status"] == "requires_input"
    assert failed.data.previous_attributes["status"] == "processing"
    assert failed.data.object.last_error.code == "document_unverified_other" and failed.api_version == stripe.api_version
    assert not hasattr(failed.data.object, "verified_outputs")
    headers = receiver.received[0][2]
    assert headers["user-agent"].startswith("Stripe/1.0") and headers["content-type"] == "application/json; charset=utf-8"


def test_forgeries_are_refused(vendor, receiver):
    vendor.order("a-1", callbacks={"wrong_signature": 1, "defective_tries": "all"})
    vendor.order("a-2", callbacks={"unsigned": 1})
    vendor.order("a-3", callbacks={"stale": {"probability": 1, "age": "10m"}})
    for applicant in ("a-1", "a-2", "a-3"):
        vendor.create(applicant)
    vendor.advance("1s")
    for delivery in receiver.until(3)[:3]:
        with pytest.raises((stripe.SignatureVerificationError, ValueError, AttributeError)):
            verified(vendor, delivery)
    body, signature, _ = receiver.received[0]
    with pytest.raises(stripe.SignatureVerificationError):
        vendor.client.construct_event(body.decode(), signature, "whsec_other")


def test_every_try_is_signed_anew(vendor, receiver):
    receiver.answers = [500, 302]
    vendor.create()
    vendor.advance("4m")
    assert len(receiver.received) == 1
    vendor.advance("32m")
    tries = [delivery for delivery in receiver.received if json.loads(delivery[0])["type"].endswith("created")]
    assert len(tries) == 3
    assert len({verified(vendor, delivery).id for delivery in tries}) == 1


def test_both_secrets_sign_while_one_is_rolled(vendor, receiver):
    rolled = vendor.admin("POST", "/webhook-secret/rotate", {"overlap": "24h"})["webhook_secret"]
    vendor.create("a-1")
    vendor.advance("25h")
    vendor.create("a-2")
    vendor.advance("1s")
    during = receiver.received[0]
    assert during[1].count("v1=") == 2
    assert verified(vendor, during).id == verified(vendor, during, rolled).id
    after = [delivery for delivery in receiver.received if json.loads(delivery[0])["data"]["object"]["client_reference_id"] == "a-2"][0]
    assert verified(vendor, after, rolled)
    with pytest.raises(stripe.SignatureVerificationError):
        verified(vendor, after)


def test_webhook_endpoints_have_secrets_and_wishes_of_their_own(vendor, receiver):
    from conftest import Receiver

    mine = Receiver()
    endpoints = vendor.client.v1.webhook_endpoints
    made = endpoints.create({"url": mine.url, "enabled_events": ["identity.verification_session.verified"], "metadata": {"a": "1"}})
    assert made.secret.startswith("whsec_") and made.secret != vendor.secret and made.status == "enabled"
    assert not hasattr(endpoints.retrieve(made.id), "secret")
    session = vendor.create()
    vendor.testing(session.id, "testing/verify")
    vendor.advance("1s")
    assert mine.types() == ["verified"] and sorted(receiver.types()) == ["created", "processing", "verified"]
    assert verified(vendor, mine.received[0], made.secret).data.object.id == session.id
    with pytest.raises(stripe.SignatureVerificationError):
        verified(vendor, mine.received[0])

    assert endpoints.update(made.id, {"enabled_events": ["*"], "disabled": True}).status == "disabled"
    vendor.create("a-2")
    vendor.advance("1s")
    endpoints.update(made.id, {"disabled": False})
    vendor.create("a-3")
    vendor.advance("1s")
    assert mine.types() == ["verified", "created"]
    assert endpoints.delete(made.id).deleted
    with pytest.raises(stripe.InvalidRequestError):
        endpoints.retrieve(made.id)
    for number in range(16):
        endpoints.create({"url": f"http://127.0.0.1:9/{number}", "enabled_events": ["*"]})
    with pytest.raises(stripe.InvalidRequestError):
        endpoints.create({"url": "http://127.0.0.1:9/x", "enabled_events": ["*"]})
    assert len(list(endpoints.list({"limit": 5}).auto_paging_iter())) == 16
    mine.server.shutdown()


def test_missed_events_are_recovered(vendor, receiver):
    receiver.answers = [500]
    vendor.create("a-1")
    vendor.create("a-2")
    vendor.advance("1s")
    missed = vendor.client.v1.events.list({"delivery_success": False}).data
    assert len(missed) == 1
    event = vendor.client.v1.events.retrieve(missed[0].id)
    assert json.loads(receiver.received[0][0]) == json.loads(str(event))
    vendor.advance("10m")
    assert vendor.client.v1.events.list({"delivery_success": False}).data == []
    assert len(vendor.client.v1.events.list({"types": ["identity.verification_session.created"]}).data) == 2
