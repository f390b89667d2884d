"""Whole journeys to each end, in the official library's own words."""

import base64
import io
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, build_opener

import pytest
import stripe

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"
SELFIE = {"options": {"document": {"require_matching_selfie": True, "allowed_types": ["passport"]}}}


def picture():
    file = io.BytesIO(JPEG)
    file.name = "picture.jpg"
    return file


def capture(vendor, session, key=None):
    """Hands pictures in as a device does: files, data, submit."""
    client = vendor.with_key(key) if key else vendor.client
    files = {}
    for purpose in ("identity_document", "selfie"):
        files[purpose] = client.v1.files.create({"purpose": purpose, "file": picture()}).id
    data = {
        "collected_data": {
            "biometric_consent": "true",
            "id_document_type": "passport",
            "id_document_front": {"high_res_image": files["identity_document"]},
            "face": {"best_high_res_image": files["selfie"]},
        },
        "clear_data": {"id_document_back": "true"},
    }
    page = f"/v1/identity/verification_pages/{session}"
    client.raw_request("post", f"{page}/data", **data)
    return client.deserialize(client.raw_request("post", f"{page}/submit"), api_mode="V1")


def test_an_applicant_is_verified(vendor, receiver):
    session = vendor.create(metadata={"user": "42"}, return_url="http://127.0.0.1/back", **SELFIE)
    assert (session.status, session.livemode, session.last_error, session.metadata["user"]) == ("requires_input", False, None, "42")
    assert session.url.startswith("http://127.0.0.1") and session.client_secret.startswith(f"{session.id}_secret_test_")
    assert not hasattr(session, "verified_outputs")
    page = capture(vendor, session.id)
    assert (page.status, page.submitted, page.requirements.missing) == ("processing", True, [])
    session = vendor.settled(session.id, expand=["verified_outputs.dob", "last_verification_report"])
    assert (session.status, session.url, session.client_secret) == ("verified", None, None)
    assert session.verified_outputs.first_name and session.verified_outputs.dob.year > 1900
    assert not hasattr(session.verified_outputs, "id_number")
    report = session.last_verification_report
    assert (report.document.status, report.selfie.status, report.document.type) == ("verified", "verified", "passport")
    assert report.verification_session == session.id and len(report.document.files) == 1
    assert vendor.client.v1.identity.verification_reports.retrieve(report.id).id == report.id
    assert receiver.types() == ["created", "processing", "verified"]


def test_a_device_uses_an_ephemeral_key(vendor):
    session = vendor.create(**SELFIE)
    key = vendor.client.v1.ephemeral_keys.create({"verification_session": session.id}, {"stripe_version": "2026-10-28.endive"})
    assert key.secret.startswith("ek_test_") and key.associated_objects[0].id == session.id
    assert capture(vendor, session.id, key.secret).status == "processing"
    with pytest.raises(stripe.PermissionError):
        vendor.with_key(key.secret).v1.identity.verification_sessions.retrieve(session.id)


@pytest.mark.parametrize(
    "outcome, reason, code, reported",
    [
        ("declined", "document_forged", "document_unverified_other", True),
        ("declined", "document_expired", "document_expired", True),
        ("declined", "selfie_mismatch", "selfie_face_mismatch", True),
        ("declined", "liveness_failed", "selfie_manipulated", True),
        ("declined", "underage", "under_supported_age", False),
        ("declined", "unsupported_jurisdiction", "country_not_supported", False),
        ("review", "low_confidence", "document_unverified_other", True),
        ("resubmission", "unsupported_document", "document_type_not_supported", True),
    ],
)
def test_a_failure_wants_input_again(vendor, receiver, outcome, reason, code, reported):
    vendor.order("a-1", outcome=outcome, reasons=[reason])
    session = vendor.create(**SELFIE)
    capture(vendor, session.id)
    failed = vendor.settled(session.id, expand=["last_verification_report"])
    assert (failed.status, failed.last_error.code) == ("requires_input", code)
    assert failed.last_error.reason and failed.url and failed.url != session.url
    report = failed.last_verification_report
    assert (report is not None) == reported
    if reported:
        section = report.selfie if code.startswith("selfie") else report.document
        assert (section.status, section.error.code) == ("unverified", code)
    assert receiver.types() == ["created", "processing", "requires_input"]

    vendor.order("a-1", outcome="approved")
    capture(vendor, session.id)
    again = vendor.settled(session.id)
    assert (again.status, again.last_error) == ("verified", None)
    reports = vendor.client.v1.identity.verification_reports.list({"verification_session": session.id})
    assert len(reports.data) == (2 if reported else 1)


def test_a_session_is_canceled_and_that_is_final(vendor, receiver):
    session = vendor.create()
    assert vendor.sessions.cancel(session.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError):
        vendor.sessions.cancel(session.id)
    vendor.advance("1s")
    assert sorted(receiver.types()) == ["canceled", "created"]


def test_a_session_is_redacted(vendor, receiver):
    session = vendor.create(metadata={"user": "42"})
    vendor.testing(session.id, "testing/verify")
    assert vendor.sessions.redact(session.id).redaction.status == "processing"
    redacted = vendor.sessions.retrieve(session.id, {"expand": ["verified_outputs.id_number"]})
    assert (redacted.redaction.status, redacted.metadata.to_dict()) == ("redacted", {})
    assert (redacted.verified_outputs.first_name, redacted.verified_outputs.address) == ("[redacted]", None)
    vendor.advance("1s")
    assert sorted(receiver.types()) == ["created", "processing", "redacted", "verified"]

    other = vendor.create("a-2")
    assert vendor.sessions.redact(other.id).status == "canceled"
    vendor.advance("1s")
    assert sorted(receiver.types()[4:]) == ["canceled", "created", "redacted"]


def test_a_session_is_updated(vendor):
    session = vendor.create(metadata={"a": "1", "b": "2"})
    changed = vendor.sessions.update(session.id, {"metadata": {"a": "", "c": "3"}, "options": SELFIE["options"]})
    assert (changed.metadata.to_dict(), changed.options.document.require_matching_selfie) == ({"b": "2", "c": "3"}, True)
    vendor.testing(session.id, "testing/verify")
    assert vendor.sessions.update(session.id, {"metadata": ""}).metadata.to_dict() == {}
    with pytest.raises(stripe.InvalidRequestError):
        vendor.sessions.update(session.id, {"type": "id_number"})


def test_nobody_comes(vendor, receiver):
    session = vendor.create()
    vendor.advance("2h")
    abandoned = vendor.sessions.retrieve(session.id)
    assert (abandoned.status, abandoned.last_error.code) == ("requires_input", "abandoned")
    assert receiver.types() == ["created", "requires_input"]
    vendor.testing(session.id, "testing/verify", simulate_delay="true")
    assert vendor.sessions.retrieve(session.id).status == "processing"
    assert vendor.settled(session.id).status == "verified"


def test_a_test_fails_on_purpose(vendor):
    session = vendor.create()
    vendor.testing(session.id, "testing/unverify")
    assert vendor.sessions.retrieve(session.id).last_error.code == "document_unverified_other"


def test_an_id_number_is_checked(vendor):
    session = vendor.sessions.create({"type": "id_number", "provided_details": {"email": "a@example.org"}})
    assert session.provided_details.email == "a@example.org"
    vendor.testing(session.id, "testing/verify")
    session = vendor.sessions.retrieve(session.id, {"expand": ["verified_outputs.id_number", "last_verification_report"]})
    assert session.verified_outputs.id_number and session.last_verification_report.id_number.status == "verified"
    assert not hasattr(session.last_verification_report, "document")


class Stay(HTTPRedirectHandler):
    def http_error_303(self, request, answer, code, message, headers):
        return answer


def test_an_applicant_chooses_on_the_hosted_page(vendor, receiver):
    session = vendor.create(return_url="https://example.org/back?x=1", **SELFIE)
    browser = build_opener(Stay)
    assert b"There is no camera" in browser.open(session.url).read()
    answer = browser.open(session.url, urlencode({"sample": "another_face"}).encode())
    assert (answer.status, answer.headers["location"]) == (303, "https://example.org/back?x=1")
    assert vendor.settled(session.id).last_error.code == "selfie_face_mismatch"
    assert receiver.types() == ["created", "processing", "requires_input"]


def test_files_are_known_and_not_kept(vendor):
    file = vendor.client.v1.files.create({"purpose": "identity_document", "file": picture()})
    assert (file.size, file.type, file.purpose) == (len(JPEG), "jpg", "identity_document")
    assert vendor.client.v1.files.retrieve(file.id).id == file.id
    link = vendor.client.v1.file_links.create({"file": file.id})
    assert link.file == file.id and link.url
    request = build_opener()
    request.addheaders = [("authorization", "Basic " + base64.b64encode(f"{vendor.key}:".encode()).decode())]
    assert request.open(file.url).read().startswith(b"\x89PNG")
