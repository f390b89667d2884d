"""Drives the vendor with `onfido-python`, changed in nothing but its base path. The admin API orders outcomes and moves the clock."""

import datetime
import itertools
import json
import os
import threading
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import onfido
import pytest
from onfido import exceptions
from onfido.webhook_event_verifier import OnfidoInvalidSignatureError, WebhookEventVerifier

BASE = os.environ["KYCSIM_VENDOR_URL"]
TOKEN = os.environ.get("KYCSIM_API_KEY", "api_sandbox.kycsim")
PNG = b"\x89PNG\r\n\x1a\n" + b"\x07" * 3000 + b"\x00\x00\x00\x00IEND\xae\x42\x60\x82"
names = itertools.count()


def admin(path, body=None, method=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{BASE}/__admin/{path}", data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def advance(by="1s"):
    admin("clock/advance", {"by": by, "within": "30s"})


def order(reference, outcome, *reasons, **more):
    admin(f"orders/applicants/{reference}", {"outcome": outcome, "reasons": list(reasons), **more}, "PUT")


@pytest.fixture
def api():
    with onfido.ApiClient(onfido.Configuration(host=f"{BASE}/v3.6", api_token=TOKEN)) as client:
        yield onfido.DefaultApi(client)


@pytest.fixture
def reference():
    return f"py-{next(names)}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def receiver(api):
    """A webhook of our own, and what it has received: (body, signature)."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append((body.decode(), self.headers["x-sha2-signature"]))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/onfido"
    webhook = api.create_webhook(onfido.WebhookBuilder(url=url, name="test"))
    yield webhook, received
    api.delete_webhook(webhook.id)
    server.shutdown()


def create_applicant(api, reference, **more):
    profile = {"first_name": "Mara", "last_name": "Lindqvist", "dob": datetime.date(1991, 7, 14)}
    profile |= {"id_numbers": [{"type": "other", "value": reference}], "address": {"country": "DEU", "postcode": "10115", "town": "Berlin"}}
    return api.create_applicant(onfido.ApplicantBuilder.from_dict(profile | more))


def upload(api, applicant):
    document = api.upload_document(
        type="passport", applicant_id=applicant.id, file=("front.png", PNG), side="front", issuing_country="DEU", validate_image_quality=True
    )
    photo = api.upload_live_photo(applicant_id=applicant.id, file=("face.png", PNG), advanced_validation=False)
    return document, photo


def upload_film(kind, applicant):
    parts = f'--b\r\nContent-Disposition: form-data; name="applicant_id"\r\n\r\n{applicant}\r\n'
    parts += '--b\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\na film\r\n--b--\r\n'
    headers = {"authorization": f"Token token={TOKEN}", "content-type": "multipart/form-data; boundary=b"}
    urllib.request.urlopen(urllib.request.Request(f"{BASE}/v3.6/{kind}", parts.encode(), headers), timeout=30).close()


REPORTS = [onfido.ReportName.DOCUMENT, onfido.ReportName.FACIAL_SIMILARITY_PHOTO, onfido.ReportName.WATCHLIST_STANDARD]


def create_check(api, applicant, **more):
    return api.create_check(onfido.CheckBuilder(applicant_id=applicant.id, report_names=REPORTS, **more))


def journey(api, reference, **more):
    applicant = create_applicant(api, reference, **more)
    upload(api, applicant)
    return applicant, create_check(api, applicant)


def reports(api, check):
    return {report.actual_instance.name.value: report.actual_instance for report in api.list_reports(check.id).reports}


def test_an_applicant_is_approved(api, reference):
    applicant = create_applicant(api, reference)
    assert applicant.sandbox and applicant.address.country.value == "DEU" and applicant.dob == datetime.date(1991, 7, 14)
    document, photo = upload(api, applicant)
    assert (document.file_type, document.type.value, document.applicant_id) == ("png", "passport", applicant.id)
    assert photo.file_type == "image/png" and photo.file_size == len(PNG)
    check = create_check(api, applicant, tags=["ci"])
    assert (check.status, check.result, check.version, len(check.report_ids)) == ("in_progress", None, "3.6", 3)
    assert {report.status.value for report in reports(api, check).values()} == {"awaiting_data"}
    advance()
    check = api.find_check(check.id)
    assert (check.status, check.result, check.tags) == ("complete", "clear", ["ci"])
    found = reports(api, check)
    assert all(report.result.value == "clear" for report in found.values())
    properties = found["document"].properties
    assert (properties.first_name, properties.date_of_birth, properties.issuing_country) == ("Mara", datetime.date(1990, 1, 1), "GBR")
    assert found["document"].breakdown.visual_authenticity.breakdown.fonts.result == "clear"
    assert 0.9 < found["facial_similarity_photo"].breakdown.face_comparison.breakdown.face_match.properties.score <= 1
    assert [str(each.id) for each in found["document"].documents] == [str(document.id)]
    assert found["facial_similarity_photo"].live_photos[0].id == photo.id
    for report in found.values():
        assert api.find_report(report.id).actual_instance.name == report.name


@pytest.mark.parametrize(
    ("outcome", "reason", "expected"),
    [
        ("declined", "document_forged", {"document": ("consider", "suspected")}),
        ("declined", "selfie_mismatch", {"facial_similarity_photo": ("consider", None)}),
        ("declined", "sanctions_hit", {"watchlist_standard": ("consider", None)}),
        ("review", "document_expired", {"document": ("consider", "caution")}),
        ("review", "selfie_mismatch", {"facial_similarity_photo": ("unidentified", None)}),
        ("review", "pep_match", {"watchlist_standard": ("unidentified", None)}),
        ("resubmission", "image_blurred", {"document": ("consider", "rejected")}),
        ("resubmission", "liveness_failed", {"facial_similarity_photo": ("unidentified", None)}),
    ],
)
def test_every_outcome_shows_in_the_report_that_is_concerned(api, reference, outcome, reason, expected):
    order(reference, outcome, reason)
    _, check = journey(api, reference)
    advance()
    check = api.find_check(check.id)
    assert (check.status, check.result) == ("complete", "consider")
    for name, report in reports(api, check).items():
        clear = ("clear", "clear" if name == "document" else None)
        sub_result = report.sub_result and report.sub_result.value
        assert (report.result.value, sub_result) == expected.get(name, clear), name


ALL_REASONS = """image_blurred image_glare document_unreadable document_expired document_forged unsupported_document unsupported_jurisdiction
    selfie_mismatch liveness_failed low_confidence address_mismatch underage sanctions_hit pep_match duplicate_identity""".split()
ALL_REPORTS = [name for name in onfido.ReportName if not name.value.startswith("unknown") and name.value not in ("facial_similarity_video", "facial_similarity_motion")]


@pytest.mark.parametrize("outcome", ["declined", "review", "resubmission"])
def test_every_reason_in_every_report_is_a_model_that_the_library_takes(api, reference, outcome):
    for reason in ALL_REASONS:
        name = f"{reference}-{reason}"
        order(name, outcome, reason)
        applicant = create_applicant(api, name)
        upload(api, applicant)
        check = api.create_check(onfido.CheckBuilder(applicant_id=applicant.id, report_names=ALL_REPORTS))
        advance()
        results = [report.actual_instance.result.value for report in api.list_reports(check.id).reports]
        assert len(results) == len(ALL_REPORTS) and sum(result != "clear" for result in results) == 1, reason


def test_reports_about_films_and_lists_are_models_that_the_library_takes(api, reference):
    order(reference, "declined", "selfie_mismatch", "sanctions_hit")
    applicant = create_applicant(api, reference)
    upload(api, applicant)
    for kind in ("live_videos", "motion_captures"):  # which only the capture SDKs upload
        upload_film(kind, applicant.id)
    wanted = ["facial_similarity_video", "facial_similarity_motion", "watchlist_enhanced"]
    check = api.create_check(onfido.CheckBuilder(applicant_id=applicant.id, report_names=[onfido.ReportName(name) for name in wanted]))
    advance()
    found = reports(api, check)
    assert found["facial_similarity_video"].breakdown.face_comparison.breakdown.face_match.result == "consider"
    assert len(found["facial_similarity_video"].live_videos) == len(found["facial_similarity_motion"].motion_captures) == 1
    assert found["watchlist_enhanced"].properties.records[0].full_name == "Mara Lindqvist"
    film = api.list_live_videos(applicant.id).live_videos[0]
    assert film.file_type == "video/mp4" and api.find_live_video(film.id).file_name == "film.mp4"
    assert api.download_live_video(film.id) and api.download_live_video_frame(film.id)
    assert api.find_motion_capture(api.list_motion_captures(applicant.id).motion_captures[0].id)


def test_a_resubmission_is_another_check_of_the_same_applicant(api, reference):
    order(reference, "resubmission", "image_blurred")
    applicant, first = journey(api, reference)
    advance()
    leaf = reports(api, first)["document"].breakdown.image_integrity.breakdown.image_quality
    assert (leaf.result, leaf.properties.blurred_photo) == ("unidentified", "true")
    order(reference, "approved")
    upload(api, applicant)
    second = create_check(api, applicant)
    advance()
    assert api.find_check(second.id).result == "clear"
    assert api.find_check(first.id).result == "consider"
    assert [check.id for check in api.list_checks(applicant.id).checks] == [second.id, first.id]
    assert len(admin(f"sessions?applicant={reference}")["sessions"]) == 1


def test_the_same_post_twice_makes_two_checks(api, reference):
    applicant, first = journey(api, reference)
    second = create_check(api, applicant)
    assert first.id != second.id
    advance()
    assert [check.result for check in api.list_checks(applicant.id).checks] == ["clear", "clear"]


def test_callbacks_are_verified_and_forged_ones_refused(api, reference, receiver):
    webhook, received = receiver
    _, check = journey(api, reference)
    advance()
    verifier = WebhookEventVerifier(webhook.token)
    payloads = [verifier.read_payload(body, signature).payload for body, signature in received]
    actions = [payload.action.value for payload in payloads]
    assert actions[0] == "check.started" and sorted(actions[1:]) == ["check.completed"] + ["report.completed"] * 3
    done = next(payload for payload in payloads if payload.action.value == "check.completed")
    assert (done.object.id, done.object.status.value, done.object.href) == (str(check.id), "complete", f"{BASE}/v3.6/checks/{check.id}")
    assert "result" not in received[actions.index("check.completed")][0]
    body, signature = received[0]
    for forged, key in [(body + " ", webhook.token), (body, "another token")]:
        with pytest.raises(OnfidoInvalidSignatureError):
            WebhookEventVerifier(key).read_payload(forged, signature)


def test_a_changed_decision_is_reopened_and_completed_again(api, reference, receiver):
    webhook, received = receiver
    applicant, check = journey(api, reference)
    monitor = api.create_watchlist_monitor(onfido.WatchlistMonitorBuilder(applicant_id=applicant.id, report_name="watchlist_standard"))
    advance()
    received.clear()
    admin(f"sessions/{applicant.id}/decide", {"outcome": "declined", "reasons": ["sanctions_hit"]})
    advance("0s")
    verifier = WebhookEventVerifier(webhook.token)
    events = {}
    for body, signature in received:
        payload = verifier.read_payload(body, signature).payload
        events.setdefault(payload.action.value, []).append(payload.object.id)
    assert events.keys() == {"check.reopened", "check.completed", "report.completed", "watchlist_monitor.matches_updated"}
    assert events["check.reopened"] == events["check.completed"] == [str(check.id)]
    assert api.find_check(check.id).result == "consider"
    assert reports(api, check)["watchlist_standard"].breakdown.sanction.result == "consider"
    assert events["watchlist_monitor.matches_updated"] == [str(monitor.id)]
    matches = api.list_watchlist_monitor_matches(monitor.id).matches
    assert [match.enabled for match in matches] == [True]
    updater = onfido.WatchlistMonitorMatchesUpdater(enable=[], disable=[str(matches[0].id)])
    assert not api.update_watchlist_monitor_match(monitor.id, watchlist_monitor_matches_updater=updater).matches[0].enabled
    api.force_report_creation_from_watchlist_monitor(monitor.id)
    assert len(api.list_checks(applicant.id).checks) == 2
    assert [each.id for each in api.list_watchlist_monitors(applicant.id).monitors] == [monitor.id]
    api.delete_watchlist_monitor(monitor.id)
    assert api.list_watchlist_monitors(applicant.id).monitors == []
    assert api.find_watchlist_monitor(monitor.id).deleted_at is not None
    advance()


def test_events_are_sent_again_byte_for_byte(api, reference, receiver):
    _, received = receiver
    _, check = journey(api, reference)
    advance()
    done = [each for each in received if "check.completed" in each[0]]
    received.clear()
    item = {"resource_id": check.id, "event": "check.completed"}
    api.resend_webhooks(onfido.WebhookResend.from_dict({"data": [item]}))
    advance("0s")
    assert received == done
    received.clear()
    report = {"resource_id": str(check.report_ids[0]), "event": "report.completed"}
    api.resend_webhooks(onfido.WebhookResend.from_dict({"data": [report, item]}))
    advance("0s")
    assert sorted(json.loads(body)["payload"]["action"] for body, _ in received) == ["check.completed", "report.completed"]


def test_webhooks_are_kept_and_changed(api):
    builder = onfido.WebhookBuilder(url="http://127.0.0.1:9/x", events=[onfido.WebhookEventType.CHECK_DOT_COMPLETED], environments=["sandbox"])
    webhook = api.create_webhook(builder)
    assert (webhook.enabled, [event.value for event in webhook.events], webhook.payload_version) == (True, ["check.completed"], 3)
    changed = api.update_webhook(webhook.id, onfido.WebhookUpdater(enabled=False))
    assert (changed.enabled, changed.url, changed.token) == (False, webhook.url, webhook.token)
    assert webhook.id in [each.id for each in api.list_webhooks().webhooks]
    assert api.find_webhook(webhook.id).enabled is False
    api.delete_webhook(webhook.id)
    with pytest.raises(exceptions.NotFoundException):
        api.find_webhook(webhook.id)


WORKFLOW = "e8c921ee-72d6-4e07-9a04-0b6f7a9a2d11"


def complete(api, run, applicant):
    document, photo = upload(api, applicant)
    for task in api.list_tasks(run.id):
        data = {"profile": {"first_name": "Mara", "last_name": "Lindqvist"}, "document_photo": [{"id": document.id}], "face_photo": [{"id": photo.id}]}
        kind = task.id.rsplit("_", 1)[0]
        if kind in data and api.find_task(run.id, task.id).output is None:
            builder = onfido.CompleteTaskBuilder(data=onfido.CompleteTaskDataBuilder(data[kind]))
            api.complete_task(run.id, task.id, builder)


@pytest.mark.parametrize(
    ("outcome", "reasons", "status"),
    [("approved", [], "approved"), ("declined", ["document_forged"], "declined"), ("review", ["low_confidence"], "review")],
)
def test_a_workflow_run_ends(api, reference, receiver, outcome, reasons, status):
    webhook, received = receiver
    order(reference, outcome, *reasons)
    applicant = create_applicant(api, reference)
    run = api.create_workflow_run(onfido.WorkflowRunBuilder(applicant_id=applicant.id, workflow_id=WORKFLOW, tags=["a"], customer_user_id="u-1"))
    assert (run.status.value, run.output, run.link.url.startswith(f"{BASE}/l/")) == ("awaiting_input", None, True)
    assert [task.task_def_id for task in api.list_tasks(run.id)] == ["profile_data", "upload_document_photo", "upload_face_photo"]
    complete(api, run, applicant)
    assert api.find_workflow_run(run.id).status.value == "processing"
    advance()
    run = api.find_workflow_run(run.id)
    assert (run.status.value, run.output["result"]) == (status, "clear" if status == "approved" else "consider")
    assert run.reasons == {"approved": [], "declined": ["Visual Authenticity - Fonts"], "review": ["Image Integrity - Conclusive Document Quality"]}[status]
    payloads = [WebhookEventVerifier(webhook.token).read_payload(body, signature).payload for body, signature in received]
    done = next(payload for payload in payloads if payload.action.value == "workflow_run.completed")
    assert (done.object.status.value, done.resource.status.value, done.resource.customer_user_id) == (status, status, "u-1")
    tasks = [payload for payload in payloads if payload.action.value == "workflow_task.completed"]
    assert len(tasks) == 5 and all(task.resource.workflow_run_id == run.id for task in tasks)


def test_a_workflow_run_asks_again_for_what_was_bad(api, reference):
    order(reference, "resubmission", "image_blurred")
    applicant = create_applicant(api, reference)
    run = api.create_workflow_run(onfido.WorkflowRunBuilder(applicant_id=applicant.id, workflow_id=WORKFLOW))
    complete(api, run, applicant)
    advance()
    asked = api.find_workflow_run(run.id)
    assert (asked.status.value, asked.reasons) == ("awaiting_input", ["Image Integrity - Image Quality"])
    order(reference, "approved")
    complete(api, run, applicant)
    advance()
    assert api.find_workflow_run(run.id).status.value == "approved"


def test_a_workflow_run_that_nobody_finishes_is_abandoned(api, reference):
    applicant = create_applicant(api, reference)
    run = api.create_workflow_run(onfido.WorkflowRunBuilder(applicant_id=applicant.id, workflow_id=WORKFLOW))
    advance("31m")
    assert api.find_workflow_run(run.id).status.value == "abandoned"
    with pytest.raises(exceptions.UnprocessableEntityException):
        complete(api, run, applicant)


def test_workflow_runs_are_listed_and_their_files_are_there(api, reference):
    applicant = create_applicant(api, reference)
    made = [
        api.create_workflow_run(onfido.WorkflowRunBuilder(applicant_id=applicant.id, workflow_id=WORKFLOW, tags=[f"{reference}-{n}"])).id
        for n in range(3)
    ]
    listed = api.list_workflow_runs(applicant_id=applicant.id, sort="asc")
    assert [run.id for run in listed] == made
    tags = [f"{reference}-0", f"{reference}-2"]
    assert {run.id for run in api.list_workflow_runs(tags=tags)} == {made[0], made[2]}
    assert api.list_workflow_runs(status="approved,declined", applicant_id=applicant.id) == []
    timeline = api.create_timeline_file(made[0])
    assert api.find_timeline_file(made[0], str(timeline.workflow_timeline_file_id)).startswith(b"%PDF")
    assert api.download_signed_evidence_file(made[0]).startswith(b"%PDF")
    assert api.download_evidence_folder(made[0]).startswith(b"PK")


def test_the_sandbox_has_its_conventions(api, reference):
    _, check = journey(api, reference, last_name="Consider")
    applicant = create_applicant(api, f"{reference}-2")
    upload(api, applicant)
    facial = api.create_check(
        onfido.CheckBuilder(applicant_id=applicant.id, report_names=REPORTS, consider=[onfido.ReportName.FACIAL_SIMILARITY_PHOTO])
    )
    applicant = create_applicant(api, f"{reference}-3")
    upload(api, applicant)
    rejected = api.create_check(onfido.CheckBuilder(applicant_id=applicant.id, report_names=REPORTS, sub_result="rejected"))
    _, titled = journey(api, f"{reference}-4", first_name="Data Validation - Document Numbers", last_name="Consider")
    advance()
    assert {report.result.value for report in reports(api, check).values()} == {"consider"}
    assert {name for name, report in reports(api, facial).items() if report.result.value == "consider"} == {"facial_similarity_photo"}
    assert reports(api, rejected)["document"].sub_result.value == "rejected"
    document = reports(api, titled)["document"]
    assert document.breakdown.data_validation.breakdown.document_numbers.result == "consider"
    assert [name for name, report in reports(api, titled).items() if report.result.value != "clear"] == ["document"]


def test_lists_come_in_pages(api, reference):
    made = [create_applicant(api, f"{reference}-{n}").id for n in range(3)]
    first = api.list_applicants_with_http_info(page=1, per_page=2)
    assert [applicant.id for applicant in first.data.applicants] == [made[2], made[1]]
    headers = {name.lower(): value for name, value in first.headers.items()}
    assert int(headers["x-total-count"]) >= 3 and 'rel="next"' in headers["link"]
    assert api.list_applicants(page=2, per_page=2).applicants[0].id == made[0]


def test_media_are_listed_and_downloaded(api, reference):
    applicant = create_applicant(api, reference)
    document, photo = upload(api, applicant)
    api.upload_id_photo(applicant_id=applicant.id, file=("id.png", PNG))
    assert [each.id for each in api.list_documents(applicant.id).documents] == [document.id]
    assert [each.id for each in api.list_live_photos(applicant.id).live_photos] == [photo.id]
    assert len(api.list_id_photos(applicant.id).id_photos) == 1
    assert api.list_live_videos(applicant.id).live_videos == [] and api.list_motion_captures(applicant.id).motion_captures == []
    assert api.find_document(document.id).issuing_country.value == "DEU"
    assert api.download_document(document.id).startswith(b"\x89PNG")
    assert api.download_live_photo(photo.id).startswith(b"\x89PNG")
    extraction = api.extract(onfido.ExtractRequest(document_id=document.id))
    assert (extraction.extracted_data.first_name, extraction.document_classification.document_type) == ("Mara", "passport")


def test_an_applicant_is_changed_deleted_and_restored(api, reference):
    applicant, check = journey(api, reference, consents=[{"name": "privacy_notices_read", "granted": True}])
    assert api.update_applicant(applicant.id, onfido.ApplicantUpdater(first_name="Maria")).last_name == "Lindqvist"
    assert api.find_applicant_consents(applicant.id)[0].granted
    with pytest.raises(exceptions.UnprocessableEntityException) as refused:
        api.delete_applicant(applicant.id)
    assert json.loads(refused.value.body)["error"]["type"] == "deletion_incomplete_checks"
    advance()
    api.delete_applicant(applicant.id)
    assert api.find_applicant(applicant.id).delete_at is not None
    assert applicant.id not in [each.id for each in api.list_applicants(per_page=500).applicants]
    assert applicant.id in [each.id for each in api.list_applicants(per_page=500, include_deleted=True).applicants]
    with pytest.raises(exceptions.ApiException) as refused:
        api.find_check(check.id)
    assert refused.value.status == 410
    api.restore_applicant(applicant.id)
    assert api.find_check(check.id).result == "clear"
    again = create_check(api, applicant)
    advance()
    assert api.find_check(again.id).result == "clear"


def error_of(refused):
    return json.loads(refused.value.body)["error"]


def test_each_error_is_the_librarys_own(api, reference):
    with onfido.ApiClient(onfido.Configuration(host=f"{BASE}/v3.6", api_token="api_sandbox.wrong")) as client:
        with pytest.raises(exceptions.UnauthorizedException) as refused:
            onfido.DefaultApi(client).list_webhooks()
    assert error_of(refused) == {"type": "authorization_error", "message": "Authorization error: please re-check your credentials", "fields": {}}
    with pytest.raises(exceptions.NotFoundException) as refused:
        api.find_applicant(WORKFLOW)
    assert error_of(refused)["message"] == f"Could not find the following resource: Applicant with id={WORKFLOW}"
    with pytest.raises(exceptions.UnprocessableEntityException) as refused:
        api.create_applicant(onfido.ApplicantBuilder(first_name="a", last_name=" "))
    assert error_of(refused)["fields"] == {"last_name": ["can't be blank"]}
    applicant = create_applicant(api, reference)
    with pytest.raises(exceptions.UnprocessableEntityException) as refused:
        create_check(api, applicant)
    assert list(error_of(refused)["fields"]) == ["document"]
    with pytest.raises(exceptions.UnprocessableEntityException) as refused:
        api.upload_document(type="passport", applicant_id=applicant.id, file=("x.png", b"no picture"))
    assert list(error_of(refused)["fields"]) == ["file"]
    for status, kind in [(500, exceptions.ServiceException), (503, exceptions.ServiceException), (429, exceptions.ApiException), (401, exceptions.UnauthorizedException)]:
        fault = {"http": {"fault": "error", "status": status, "probability": 1.0}}
        admin(f"orders/applicants/{reference}", {"responses": [fault]}, "PUT")
        with pytest.raises(kind) as refused:
            api.find_applicant(applicant.id)
        assert refused.value.status == status and error_of(refused)["fields"] == {}
    admin(f"orders/applicants/{reference}", method="DELETE")
    assert api.find_applicant(applicant.id).id == applicant.id


def test_oauth_gives_a_token_for_the_api_token(reference):
    configuration = onfido.Configuration(host=f"{BASE}/v3.6", oauth_client_id="client", oauth_client_secret=TOKEN)
    with onfido.ApiClient(configuration) as client:
        assert create_applicant(onfido.DefaultApi(client), reference).sandbox
    configuration = onfido.Configuration(host=f"{BASE}/v3.6", oauth_client_id="client", oauth_client_secret="wrong")
    with onfido.ApiClient(configuration) as client, pytest.raises(Exception):
        create_applicant(onfido.DefaultApi(client), reference)


def test_an_sdk_token_hands_in_for_its_applicant_only(api, reference):
    applicant, other = create_applicant(api, reference), create_applicant(api, f"{reference}-2")
    token = api.generate_sdk_token(onfido.SdkTokenBuilder(applicant_id=applicant.id)).token
    assert token.count(".") == 2
    # The library has no place for such a token: it is its prefix that is changed.
    configuration = onfido.Configuration(host=f"{BASE}/v3.6", api_token="")
    configuration.api_key, configuration.api_key_prefix = {"Token": token}, {"Token": "Bearer"}
    device_api = onfido.DefaultApi(onfido.ApiClient(configuration))
    upload(device_api, applicant)
    for forbidden in [lambda: upload(device_api, other), lambda: device_api.list_applicants()]:
        with pytest.raises(exceptions.ForbiddenException):
            forbidden()
    advance("91m")
    with pytest.raises(exceptions.UnauthorizedException) as refused:
        upload(device_api, applicant)
    assert error_of(refused)["type"] == "expired_token"


def test_the_rest_answers(api, reference):
    assert api.ping() == "OK"
    applicant, check = journey(api, reference)
    api.resume_check(check.id)
    api.resume_report(str(check.report_ids[0]))
    api.cancel_report(str(check.report_ids[2]))
    advance()
    assert reports(api, check)["watchlist_standard"].status.value == "cancelled"
    assert api.find_check(check.id).result == "clear"
    assert api.download_check(check.id).startswith(b"%PDF")
    second = create_check(api, applicant)
    advance()
    attempts = api.list_repeat_attempts(str(second.report_ids[0]))
    assert (attempts.attempts_count, attempts.attempts_clear_rate, attempts.repeat_attempts[0].result) == (1, 1, "clear")
