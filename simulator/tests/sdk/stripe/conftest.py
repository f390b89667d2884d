"""A tenant of a running vendor for each test, and a receiver that it calls back. The vendor is at KYCSIM_VENDOR_URL."""

import json
import os
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

import pytest
import stripe

BASE = os.environ["KYCSIM_VENDOR_URL"].rstrip("/")
DEADLINE = 20


def call(method, path, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    request = Request(BASE + path, data=data, method=method, headers={"content-type": "application/json", **(headers or {})})
    with urlopen(request, timeout=DEADLINE) as answer:
        text = answer.read()
        return json.loads(text) if text else None


class Receiver:
    """Keeps what it is sent, and answers 200, or what `answers` says next."""

    def __init__(self):
        self.received, self.answers = [], []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.received.append((body, self.headers["stripe-signature"], dict(self.headers)))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def types(self):
        return [json.loads(body)["type"].removeprefix("identity.verification_session.") for body, *_ in self.received]

    def until(self, count):
        """Waits until at least so many were received."""
        begun = time.monotonic()
        while len(self.received) < count:
            assert time.monotonic() - begun < DEADLINE, self.types()
            time.sleep(0.01)
        return self.received


class Vendor:
    """One tenant: its own sessions, clock, secrets and orders."""

    def __init__(self, clock, receiver):
        self.name = f"py-{uuid.uuid4().hex[:12]}"
        self.key = f"sk_test_{self.name}"
        wanted = {"name": self.name, "clock": clock, "api_key": self.key, "callback_url": receiver.url}
        self.secret = call("POST", "/__admin/tenants", wanted)["webhook_secret"]
        self.client = self.with_key(self.key)
        self.sessions = self.client.v1.identity.verification_sessions

    def with_key(self, key, **options):
        return stripe.StripeClient(key, base_addresses={"api": BASE, "files": BASE}, **options)

    def admin(self, method, path, body=None):
        return call(method, f"/__admin/tenants/{self.name}{path}", body)

    def order(self, reference, **order):
        self.admin("PUT", f"/orders/applicants/{reference}", order)

    def advance(self, by):
        self.admin("POST", "/clock/advance", {"by": by})

    def create(self, reference="a-1", **more):
        return self.sessions.create({"type": "document", "client_reference_id": reference, **more})

    def testing(self, session, end, **form):
        """The test mode of the libraries for devices, which this library has no method for."""
        return self.client.raw_request("post", f"/v1/identity/verification_pages/{session}/{end}", **form)

    def settled(self, session, **params):
        self.advance("10s")
        return self.sessions.retrieve(session, params)


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()


@pytest.fixture
def vendor(receiver):
    return Vendor("frozen", receiver)


@pytest.fixture
def live_vendor(receiver):
    return Vendor("real", receiver)
