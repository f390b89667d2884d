// Journeys, errors and callbacks through the official library for Node, with nothing changed but where it finds the vendor (KYCSIM_VENDOR_URL).

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { test } from "node:test";
import Stripe from "stripe";

const base = new URL(process.env.KYCSIM_VENDOR_URL);

async function admin(method, path, body) {
  const answer = await fetch(new URL(`/__admin${path}`, base), {
    method,
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  const text = await answer.text();
  return text && JSON.parse(text);
}

function library(key, more = {}) {
  return new Stripe(key, { host: base.hostname, port: base.port, protocol: "http", maxNetworkRetries: 0, telemetry: false, ...more });
}

/** A tenant of its own, and a receiver that it calls back; both end with the test. */
async function stage(t) {
  const received = [];
  const server = createServer((request, response) => {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      received.push({ body: Buffer.concat(pieces).toString(), signature: request.headers["stripe-signature"] });
      response.end();
    });
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const name = `node-${randomUUID()}`;
  const key = `sk_test_${name}`;
  const callback_url = `http://127.0.0.1:${server.address().port}/hook`;
  const made = await admin("POST", "/tenants", { name, clock: "frozen", api_key: key, callback_url });
  const stripe = library(key);
  return {
    key,
    received,
    secret: made.webhook_secret,
    stripe,
    sessions: stripe.identity.verificationSessions,
    order: (reference, order) => admin("PUT", `/tenants/${name}/orders/applicants/${reference}`, order),
    advance: (by) => admin("POST", `/tenants/${name}/clock/advance`, { by }),
    page: (session, end, params) => stripe.rawRequest("POST", `/v1/identity/verification_pages/${session}/${end}`, params),
    types: () => received.map(({ body }) => JSON.parse(body).type.replace("identity.verification_session.", "")),
  };
}

const newSession = (reference = "a-1") => ({
  type: "document",
  client_reference_id: reference,
  options: { document: { require_matching_selfie: true, allowed_types: ["passport", "id_card"] } },
  metadata: { user: "42", country: "DE" },
});

const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from("a picture"), Buffer.from([0xff, 0xd9])]);

async function capture({ stripe, page }, session) {
  const upload = async (purpose) => (await stripe.files.create({ purpose, file: { data: jpeg, name: "x.jpg", type: "image/jpeg" } })).id;
  await page(session, "data", {
    collected_data: {
      biometric_consent: true,
      id_document_type: "passport",
      id_document_front: { high_res_image: await upload("identity_document") },
      face: { best_high_res_image: await upload("selfie") },
    },
  });
  return page(session, "submit");
}

test("an applicant fails, comes back and is verified", async (t) => {
  const scene = await stage(t);
  await scene.order("a-1", { outcome: "declined", reasons: ["selfie_mismatch"] });
  const made = await scene.sessions.create(newSession());
  assert.equal(made.status, "requires_input");
  assert.deepEqual(made.options.document.allowed_types, ["passport", "id_card"]);
  assert.equal((await capture(scene, made.id)).status, "processing");
  await scene.advance("10s");
  const failed = await scene.sessions.retrieve(made.id, { expand: ["last_verification_report"] });
  assert.equal(failed.status, "requires_input");
  assert.equal(failed.last_error.code, "selfie_face_mismatch");
  assert.equal(failed.last_verification_report.selfie.error.code, "selfie_face_mismatch");

  await scene.order("a-1", { outcome: "approved" });
  await scene.page(made.id, "submit"); // the pictures of the attempt before still count
  await scene.advance("10s");
  const verified = await scene.sessions.retrieve(made.id, { expand: ["verified_outputs"] });
  assert.equal(verified.status, "verified");
  assert.ok(verified.verified_outputs.first_name);
  assert.deepEqual(scene.types(), ["created", "processing", "requires_input", "processing", "verified"]);
});

test("pictures that are missing are named", async (t) => {
  const scene = await stage(t);
  const { id } = await scene.sessions.create(newSession());
  const page = await scene.page(id, "submit");
  assert.deepEqual([page.submitted, page.requirements.missing], [false, ["id_document_front", "face"]]);
});

test("a session is canceled, another redacted", async (t) => {
  const scene = await stage(t);
  const first = await scene.sessions.create(newSession("a-1"));
  assert.equal((await scene.sessions.cancel(first.id)).status, "canceled");
  const second = await scene.sessions.create(newSession("a-2"));
  await scene.page(second.id, "testing/verify");
  assert.equal((await scene.sessions.redact(second.id)).redaction.status, "processing");
  assert.equal((await scene.sessions.retrieve(second.id)).redaction.status, "redacted");
  await scene.advance("1s");
  assert.deepEqual(scene.types().sort(), ["canceled", "created", "created", "processing", "redacted", "verified"]);
});

test("errors are of the library's own classes", async (t) => {
  const scene = await stage(t);
  const { errors } = Stripe;
  await assert.rejects(scene.sessions.create({}), (error) => error instanceof errors.StripeInvalidRequestError && error.param === "type");
  await assert.rejects(scene.sessions.retrieve("vs_nope"), { statusCode: 404, code: "resource_missing" });
  await assert.rejects(library("sk_test_nobody").identity.verificationSessions.list(), errors.StripeAuthenticationError);
  await scene.order("a-5", { responses: [{ endpoints: ["create_session"], http: { fault: "error", status: 503 } }] });
  await assert.rejects(scene.sessions.create(newSession("a-5")), errors.StripeAPIError);
  await scene.order("a-6", { responses: [{ endpoints: ["create_session"], http: { fault: "error", status: 429 } }] });
  await assert.rejects(scene.sessions.create(newSession("a-6")), errors.StripeRateLimitError);
  const { id } = await scene.sessions.create(newSession());
  const key = await scene.stripe.ephemeralKeys.create({ verification_session: id }, { apiVersion: "2026-10-28.endive" });
  await assert.rejects(library(key.secret).identity.verificationSessions.retrieve(id), errors.StripePermissionError);
});

test("a request that comes again is answered again", async (t) => {
  const scene = await stage(t);
  const options = { idempotencyKey: "the-same" };
  const first = await scene.sessions.create(newSession(), options);
  const again = await scene.sessions.create(newSession(), options);
  assert.equal(again.id, first.id);
  assert.equal(again.lastResponse.headers["idempotent-replayed"], "true");
  await assert.rejects(scene.sessions.create(newSession("a-2"), options), Stripe.errors.StripeIdempotencyError);
});

test("the library tries again by itself", async (t) => {
  const scene = await stage(t);
  await scene.order("a-1", { responses: [{ endpoints: ["create_session"], http: { fault: "error", status: 503, fail_next: 1 } }] });
  const patient = library(scene.key, { maxNetworkRetries: 2 });
  assert.equal((await patient.identity.verificationSessions.create(newSession())).status, "requires_input");
});

test("pages are turned to the end", async (t) => {
  const scene = await stage(t);
  const made = [];
  for (let number = 0; number < 5; number += 1) made.unshift((await scene.sessions.create(newSession(`a-${number}`))).id);
  const seen = [];
  for await (const session of scene.sessions.list({ limit: 2 })) seen.push(session.id);
  assert.deepEqual(seen, made);
});

test("callbacks are genuine, and forgeries are refused", async (t) => {
  const scene = await stage(t);
  const { webhooks } = scene.stripe;
  await scene.sessions.create(newSession("a-1"));
  await scene.order("a-2", { callbacks: { wrong_signature: 1 } });
  await scene.sessions.create(newSession("a-2"));
  await scene.advance("1s");
  const of = (reference) => scene.received.find(({ body }) => JSON.parse(body).data.object.client_reference_id === reference);
  const genuine = of("a-1");
  assert.equal(webhooks.constructEvent(genuine.body, genuine.signature, scene.secret).type, "identity.verification_session.created");
  const forged = of("a-2");
  const { StripeSignatureVerificationError } = Stripe.errors;
  assert.throws(() => webhooks.constructEvent(forged.body, forged.signature, scene.secret), StripeSignatureVerificationError);
  assert.throws(() => webhooks.constructEvent(genuine.body + " ", genuine.signature, scene.secret), StripeSignatureVerificationError);
});

test("a webhook endpoint has a secret of its own", async (t) => {
  const scene = await stage(t);
  const url = "http://127.0.0.1:1/never";
  const made = await scene.stripe.webhookEndpoints.create({ url, enabled_events: ["*"] });
  assert.match(made.secret, /^whsec_/);
  assert.equal((await scene.stripe.webhookEndpoints.retrieve(made.id)).secret, undefined);
  assert.equal((await scene.stripe.webhookEndpoints.del(made.id)).deleted, true);
});
