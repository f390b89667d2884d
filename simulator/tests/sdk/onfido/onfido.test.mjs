// Drives the vendor with `@onfido/api`, changed in nothing but its base path. The admin API orders outcomes and moves the clock.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import onfido from "@onfido/api";

const { Configuration, DefaultApi, FileTransfer, ReportName, WebhookEventVerifier, OnfidoInvalidSignatureError } = onfido;
const base = process.env.KYCSIM_VENDOR_URL;
const apiToken = process.env.KYCSIM_API_KEY ?? "api_sandbox.kycsim";
const api = new DefaultApi(new Configuration({ apiToken, basePath: `${base}/v3.6` }));
const png = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(3000, 7), Buffer.from("0000000049454e44ae426082", "hex")]);
const names = [ReportName.Document, ReportName.FacialSimilarityPhoto, ReportName.WatchlistStandard];
const workflow = "e8c921ee-72d6-4e07-9a04-0b6f7a9a2d11";

const admin = async (path, body, method = body ? "POST" : "GET") => {
  const answer = await fetch(`${base}/__admin/${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${path}: ${text}`);
  return text ? JSON.parse(text) : undefined;
};
const advance = (by = "1s") => admin("clock/advance", { by, within: "30s" });
const order = (reference, outcome, ...reasons) => admin(`orders/applicants/${reference}`, { outcome, reasons }, "PUT");
const newReference = () => `node-${randomUUID()}`;

const createApplicant = async (reference, more = {}) => {
  const profile = { first_name: "Mara", last_name: "Lindqvist", id_numbers: [{ type: "other", value: reference }], ...more };
  return (await api.createApplicant(profile)).data;
};
const upload = async (applicant) => {
  const document = await api.uploadDocument("passport", applicant.id, new FileTransfer(png, "front.png"), undefined, "front");
  const photo = await api.uploadLivePhoto(applicant.id, new FileTransfer(png, "face.png"), false);
  return [document.data, photo.data];
};
const createCheck = async (applicant) => (await api.createCheck({ applicant_id: applicant.id, report_names: names })).data;
const journey = async (reference, more) => {
  const applicant = await createApplicant(reference, more);
  await upload(applicant);
  return [applicant, await createCheck(applicant)];
};
const reports = async (check) =>
  Object.fromEntries((await api.listReports(check.id)).data.reports.map((report) => [report.name, report]));
const refused = async (promise) => {
  const error = await promise.then(() => assert.fail("not refused"), (error) => error);
  return [error.response?.status, error.response?.data.error];
};

/** Receives callbacks at a webhook of its own while `during` runs. */
const receiving = async (during) => {
  const received = [];
  const server = createServer((request, response) => {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      received.push([Buffer.concat(pieces).toString(), request.headers["x-sha2-signature"]]);
      response.writeHead(200).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}/`;
  const webhook = (await api.createWebhook({ url, events: ["check.completed", "workflow_run.completed"] })).data;
  try {
    await during(webhook, received);
  } finally {
    await api.deleteWebhook(webhook.id);
    server.closeAllConnections();
    server.close();
  }
};

test("an applicant is approved", async () => {
  const [applicant, check] = await journey(newReference());
  assert.deepEqual([applicant.sandbox, check.status, check.result, check.version], [true, "in_progress", null, "3.6"]);
  await advance();
  const done = (await api.findCheck(check.id)).data;
  assert.deepEqual([done.status, done.result], ["complete", "clear"]);
  const { document, facial_similarity_photo: facial } = await reports(check);
  assert.deepEqual([document.sub_result, document.properties.first_name], ["clear", "Mara"]);
  assert.ok(facial.properties.score > 0.8);
  assert.equal((await api.findReport(document.id)).data.id, document.id);
});

for (const [outcome, reason, name, result, subResult] of [
  ["declined", "document_forged", "document", "consider", "suspected"],
  ["review", "low_confidence", "document", "consider", "caution"],
  ["resubmission", "image_glare", "document", "consider", "rejected"],
  ["declined", "pep_match", "watchlist_standard", "consider", null],
  ["review", "liveness_failed", "facial_similarity_photo", "unidentified", null],
]) {
  test(`${outcome} for ${reason} shows in ${name}`, async () => {
    const reference = newReference();
    await order(reference, outcome, reason);
    const [, check] = await journey(reference);
    await advance();
    assert.equal((await api.findCheck(check.id)).data.result, "consider");
    const found = await reports(check);
    assert.deepEqual([found[name].result, found[name].sub_result], [result, subResult]);
    assert.equal(Object.values(found).filter((report) => report.result !== "clear").length, 1);
  });
}

test("a resubmission is another check, and so is the same POST again", async () => {
  const reference = newReference();
  await order(reference, "resubmission", "image_blurred");
  const [applicant, first] = await journey(reference);
  await advance();
  await order(reference, "approved");
  await upload(applicant);
  const [second, third] = [await createCheck(applicant), await createCheck(applicant)];
  assert.notEqual(second.id, third.id);
  await advance();
  const checks = (await api.listChecks(applicant.id)).data.checks;
  assert.deepEqual(checks.map((check) => [check.id, check.result]), [[third.id, "clear"], [second.id, "clear"], [first.id, "consider"]]);
});

test("callbacks are verified, and forged ones refused", () =>
  receiving(async (webhook, received) => {
    const [applicant, check] = await journey(newReference());
    await advance();
    assert.equal(received.length, 1, "only what was asked for");
    const [body, signature] = received[0];
    const { payload } = new WebhookEventVerifier(webhook.token).readPayload(body, signature);
    assert.deepEqual([payload.action, payload.object.id], ["check.completed", check.id]);
    assert.throws(() => new WebhookEventVerifier(webhook.token).readPayload(`${body} `, signature), OnfidoInvalidSignatureError);
    assert.throws(() => new WebhookEventVerifier("another").readPayload(body, signature), OnfidoInvalidSignatureError);
    await admin(`sessions/${applicant.id}/decide`, { outcome: "declined", reasons: ["sanctions_hit"] });
    await advance("0s");
    assert.equal(received.length, 2);
    assert.equal((await api.findCheck(check.id)).data.result, "consider");
    await api.resendWebhooks({ data: [{ resource_id: check.id, event: "check.completed" }] });
    await advance("0s");
    assert.deepEqual(received[2], received[1], "byte for byte");
  }));

test("a workflow run goes through its tasks", () =>
  receiving(async (webhook, received) => {
    const applicant = await createApplicant(newReference());
    const run = (await api.createWorkflowRun({ applicant_id: applicant.id, workflow_id: workflow, tags: ["a"] })).data;
    assert.equal(run.status, "awaiting_input");
    const [document, photo] = await upload(applicant);
    const data = { profile: { first_name: "Mara", last_name: "Lindqvist" }, document_photo: [{ id: document.id }], face_photo: [{ id: photo.id }] };
    for (const task of (await api.listTasks(run.id)).data) {
      await api.completeTask(run.id, task.id, { data: data[task.id.replace(/_[^_]*$/, "")] });
    }
    assert.equal((await api.findWorkflowRun(run.id)).data.status, "processing");
    await advance();
    const done = (await api.findWorkflowRun(run.id)).data;
    assert.deepEqual([done.status, done.output, done.reasons], ["approved", { result: "clear" }, []]);
    const { payload } = new WebhookEventVerifier(webhook.token).readPayload(...received.at(-1));
    assert.deepEqual([payload.action, payload.resource.id, payload.resource.status], ["workflow_run.completed", run.id, "approved"]);
    const listed = (await api.listWorkflowRuns(1, "approved,declined", undefined, undefined, "asc", applicant.id, ["a", "b"])).data;
    assert.deepEqual(listed.map((each) => each.id), [run.id]);
  }));

test("the sandbox has its conventions", async () => {
  const [, check] = await journey(newReference(), { last_name: "CONSIDER" });
  await advance();
  assert.ok(Object.values(await reports(check)).every((report) => report.result === "consider"));
});

test("each error has its status, type and fields", async () => {
  const stranger = new DefaultApi(new Configuration({ apiToken: "api_sandbox.wrong", basePath: `${base}/v3.6` }));
  const message = "Authorization error: please re-check your credentials";
  assert.deepEqual(await refused(stranger.listWebhooks()), [401, { type: "authorization_error", message, fields: {} }]);
  const [missing, { type }] = await refused(api.findApplicant("nobody"));
  assert.deepEqual([missing, type], [404, "resource_not_found"]);
  const [invalid, { fields }] = await refused(api.createApplicant({ first_name: "a", last_name: "b", address: { country: "DE", postcode: "1" } }));
  assert.equal(invalid, 422);
  assert.ok(fields.address.country[0].length > 0);
  const reference = newReference();
  const applicant = await createApplicant(reference);
  await admin(`orders/applicants/${reference}`, { responses: [{ http: { fault: "error", status: 429, probability: 1 } }] }, "PUT");
  const [limited, error] = await refused(api.findApplicant(applicant.id));
  assert.deepEqual([limited, error.type], [429, "rate_limit"]);
});

test("files are downloaded with their names", async () => {
  const applicant = await createApplicant(newReference());
  const [document] = await upload(applicant);
  const file = (await api.downloadDocument(document.id, { responseType: "arraybuffer" })).data;
  assert.deepEqual([file.filename, file.buffer.subarray(1, 4).toString()], ["front.png", "PNG"]);
});

test("an applicant is deleted, restored, and listed in pages", async () => {
  const reference = newReference();
  const applicant = await createApplicant(reference);
  await api.deleteApplicant(applicant.id);
  assert.ok((await api.findApplicant(applicant.id)).data.delete_at);
  const ids = async (...page) => (await api.listApplicants(...page)).data.applicants.map((each) => each.id);
  assert.ok(!(await ids(1, 500)).includes(applicant.id));
  assert.ok((await ids(1, 500, true)).includes(applicant.id));
  await api.restoreApplicant(applicant.id);
  assert.equal((await ids(1, 1))[0], applicant.id);
  assert.equal((await api.ping()).data.buffer, "OK"); // whatever is no JSON is a file to the library
  assert.match((await api.generateSdkToken({ applicant_id: applicant.id })).data.token, /^eyJ.+\..+\..+$/);
});

test("an access token is given for the API token", async () => {
  const configuration = new Configuration({ oauthClientId: "shop", oauthClientSecret: apiToken, basePath: `${base}/v3.6` });
  assert.equal((await new DefaultApi(configuration).listWebhooks()).status, 200);
});
