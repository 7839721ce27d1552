import { fromJson } from "@bufbuild/protobuf";
import type { JsonValue } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { createTauClient } from "@tau/client";
import { ErrorClass, ErrorDetailSchema, RuntimeService } from "@tau/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { openHarness } from "./server-harness.test.support.ts";
import type { Harness } from "./server-harness.test.support.ts";

let harness: Harness;
let rpc: ReturnType<typeof createClient<typeof RuntimeService>>;

beforeAll(async () => {
  harness = await openHarness({ limits: { maxRequestBytes: 100_000 } });
  rpc = createClient(
    RuntimeService,
    createConnectTransport({ baseUrl: harness.server.url, httpVersion: "1.1", useBinaryFormat: true }),
  );
});

afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

type Method = keyof typeof RuntimeService.method;

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

/** Calls a method with a request in JSON and answers how it fails. */
async function failureOf(method: Method, request: JsonValue): Promise<ConnectError> {
  try {
    const message = fromJson(RuntimeService.method[method].input, request);
    const answer: unknown = Reflect.apply(rpc[method], rpc, [message]);
    if (isStream(answer)) await answer[Symbol.asyncIterator]().next();
    else await answer;
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("The call succeeded.");
}

const image = { mediaType: "image/png", url: "ftp://x" };
const entry = { key: "k", content: "c" };
const answered = { sessionId: "s", approvalId: "a", answer: 1 };
const prompted = { sessionId: "s", prompt: "x" };
const plan = { path: "plans/a.md", sha256: "a".repeat(64) };
const label = { integrity: 4, confidentiality: 1 };

function labelled(more: object): JsonValue {
  return { sessionId: "s", entries: [{ ...entry, label: { ...label, ...more } }] };
}

const table: readonly (readonly [Method, JsonValue, string, string])[] = [
  ["createSession", { externalId: "a b" }, "external_id", "use 1 to 128 characters"],
  ["createSession", { externalId: "" }, "external_id", "is missing"],
  ["createSession", { bootstrapContext: [{ key: "" }] }, "bootstrap_context[0].key", "is missing"],
  [
    "createSession",
    { bootstrapContext: Array.from({ length: 257 }, () => entry) },
    "bootstrap_context",
    "at most 256",
  ],
  ["run", { prompt: "x" }, "session_id", "is missing"],
  ["run", { sessionId: "../../etc", prompt: "x" }, "session_id", "is not an id"],
  ["run", { sessionId: "s" }, "prompt", "is empty"],
  ["run", { sessionId: "s", prompt: "x", runId: "a/b" }, "run_id", "is not an id"],
  ["run", { sessionId: "s", prompt: "x", agent: "" }, "agent", "is missing"],
  ["run", { sessionId: "s", prompt: "x", limits: { maxSteps: 0 } }, "limits.max_steps", "from 1"],
  [
    "run",
    { sessionId: "s", prompt: "x", limits: { maxTokens: "1152921504606846976" } },
    "limits.max_tokens",
    "from 1",
  ],
  ["run", { sessionId: "s", parts: [{}] }, "parts[0]", "is empty"],
  ["run", { sessionId: "s", parts: [{ toolCall: {} }] }, "parts[0]", "toolCall"],
  ["run", { sessionId: "s", parts: [{ image }] }, "parts[0].image.url", "http"],
  ["run", { sessionId: "s", parts: [{ file: {} }] }, "parts[0].file.source", "is missing"],
  ["injectContext", { sessionId: "s" }, "entries", "is empty"],
  ["injectContext", { entries: [entry] }, "session_id", "is missing"],
  [
    "injectContext",
    { sessionId: "s", entries: [{ ...entry, contentType: "text" }] },
    "entries[0].content_type",
    "MIME",
  ],
  ["injectContext", { sessionId: "s", entries: [{ key: "k".repeat(257) }] }, "entries[0].key", "at most 256"],
  ["injectContext", labelled({ integrity: 1 }), "entries[0].label.integrity", "only Tau itself"],
  ["injectContext", labelled({ integrity: 9 }), "entries[0].label.integrity", "use USER"],
  ["injectContext", labelled({ integrity: 0 }), "entries[0].label.integrity", "use USER"],
  ["injectContext", labelled({ confidentiality: 0 }), "entries[0].label.confidentiality", "use PUBLIC"],
  ["injectContext", labelled({ origins: ["ok", "a\nb"] }), "entries[0].label.origins[1]", "printable"],
  ["injectContext", labelled({ secrets: [""] }), "entries[0].label.secrets[0]", "printable"],
  [
    "injectContext",
    labelled({ secrets: Array.from({ length: 34 }, () => "s") }),
    "entries[0].label.secrets",
    "at most 33",
  ],
  [
    "createSession",
    { bootstrapContext: [{ ...entry, label: {} }] },
    "bootstrap_context[0].label.integrity",
    "use USER",
  ],
  ["run", { sessionId: "s", parts: [{ text: { label: {} } }] }, "parts[0].text.label.integrity", "use USER"],
  [
    "run",
    { sessionId: "s", parts: [{ image: { ...image, label: {} } }] },
    "parts[0].image.label.integrity",
    "use USER",
  ],
  ["getSession", {}, "session_id", "is missing"],
  ["getSession", { sessionId: "x".repeat(129) }, "session_id", "1 to 128"],
  ["attach", {}, "session_id", "is missing"],
  ["attach", { sessionId: "s", fromSeq: "9223372036854775808" }, "from_seq", "sequence number"],
  ["attach", { sessionId: "s", untilWaiting: true }, "until_run_id", "is missing"],
  ["cancelRun", { sessionId: "s" }, "run_id", "is missing"],
  ["cancelRun", { sessionId: "s", runId: "r", reason: "x".repeat(1_001) }, "reason", "at most 1000"],
  ["listSessions", { limit: 201 }, "limit", "at most 200"],
  ["listSessions", { before: "a b" }, "before", "next_before"],
  ["forkSession", { sessionId: "s" }, "at_seq", "from 1"],
  ["respond", { sessionId: "s", approvalId: "a" }, "answer", "use ALLOW"],
  ["respond", { sessionId: "s", approvalId: "a", answer: 9 }, "answer", "use ALLOW"],
  ["respond", { sessionId: "s", answer: 1 }, "approval_id", "is missing"],
  ["respond", { ...answered, answer: 2, remember: 1 }, "remember", "goes with ALLOW"],
  ["respond", { ...answered, remember: 7 }, "remember", "use SESSION or ALWAYS"],
  ["respond", { ...answered, rememberForMs: "1000" }, "remember_for_ms", "say SESSION or ALWAYS"],
  ["respond", { ...answered, remember: 2, rememberForMs: "0" }, "remember_for_ms", "from 1"],
  ["revokeGrant", {}, "grant_id", "is missing"],
  ["createSession", { workspace: "" }, "workspace", "is empty"],
  ["createSession", { workspace: "a/../../etc" }, "workspace", 'leave ".." out'],
  ["createSession", { workspace: "a\\..\\b" }, "workspace", 'leave ".." out'],
  ["createSession", { workspace: "a\u0000b" }, "workspace", "control characters"],
  ["createSession", { workspace: "é".repeat(2_049) }, "workspace", "at most 4096 bytes"],
  [
    "createSession",
    { workspace: "a", bootstrapContext: [{ key: "workspace", content: "/" }] },
    "workspace",
    'leave the entry "workspace" out',
  ],
  ["run", { ...prompted, mode: 2 }, "mode", "use PLAN"],
  ["run", { ...prompted, mode: 1, agent: "main" }, "agent", "goes without mode"],
  ["run", { ...prompted, mode: 1, carryOut: plan }, "carry_out", "goes without mode"],
  [
    "run",
    { sessionId: "s", carryOut: { ...plan, path: "plans/../x.md" } },
    "carry_out.path",
    "is not a plan",
  ],
  ["run", { sessionId: "s", carryOut: { ...plan, path: "/etc/x.md" } }, "carry_out.path", "is not a plan"],
  ["run", { sessionId: "s", carryOut: { ...plan, sha256: "A".repeat(64) } }, "carry_out.sha256", "64 hex"],
  ["run", { sessionId: "s", carryOut: { ...plan, approvalId: "" } }, "carry_out.approval_id", "is not an id"],
  ["run", { ...prompted, readiness: {} }, "readiness.requirements", "send 1 to 200"],
  ["listPlans", {}, "session_id", "is missing"],
  ["getPlan", { sessionId: "s", path: ".env" }, "path", "is not a plan"],
  ["getPlan", { sessionId: "s", path: "plans/a/b.md" }, "path", "is not a plan"],
  ["checkReadiness", {}, "readiness.requirements", "send 1 to 200"],
  [
    "checkReadiness",
    { readiness: { requirements: [{}], answers: [{ requirementId: "r", value: " " }] } },
    "readiness.answers[0].value",
    "say what is known",
  ],
  [
    "checkReadiness",
    { readiness: { requirements: [{}], answers: [{ value: "x" }] } },
    "readiness.answers[0].requirement_id",
    "is missing",
  ],
  [
    "checkReadiness",
    { readiness: { requirements: [{}], answers: Array.from({ length: 201 }, () => ({})) } },
    "readiness.answers",
    "at most 200",
  ],
  [
    "respond",
    { sessionId: "s", approvalId: "a", answer: 1, note: "x".repeat(4_001) },
    "note",
    "at most 4000",
  ],
];

describe("a bad request", () => {
  it("stands in the table for every call that says anything", () => {
    const calls = Object.entries(RuntimeService.method).filter(([, { input }]) => input.fields.length > 0);
    expect(new Set(table.map(([method]) => method))).toEqual(new Set(calls.map(([name]) => name)));
  });

  it.each(table)("to %s, %j, is refused at %s", async (method, request, field, reason) => {
    const error = await failureOf(method, request);
    expect(error.code).toBe(Code.InvalidArgument);
    const [detail] = error.findDetails(ErrorDetailSchema);
    expect(detail).toMatchObject({
      code: "request.invalid",
      class: ErrorClass.PERMANENT,
      violations: expect.arrayContaining([
        expect.objectContaining({ field, reason: expect.stringContaining(reason) }),
      ]),
    });
    expect(error.rawMessage).toContain(field);
  });

  it.each<readonly [Method, JsonValue]>([
    ["createSession", { workspace: "sub" }],
    ["run", { ...prompted, mode: 1 }],
    ["run", { ...prompted, carryOut: plan }],
    ["run", { ...prompted, readiness: { requirements: [{ id: "r" }] } }],
    ["listPlans", { sessionId: "s" }],
    ["getPlan", { sessionId: "s", path: "plans/a.md" }],
    ["checkReadiness", { readiness: { requirements: [{ id: "r" }] } }],
  ])("to %s, %j, is refused by a server that offers nothing of the kind", async (method, request) => {
    const [detail] = (await failureOf(method, request)).findDetails(ErrorDetailSchema);
    expect(detail).toMatchObject({ code: "server.not_offered", class: ErrorClass.PERMANENT });
  });

  it("names every field that is wrong, not only the first", async () => {
    const error = await failureOf("respond", {});
    const [detail] = error.findDetails(ErrorDetailSchema);
    expect(detail?.violations.map(({ field }) => field)).toEqual(["session_id", "approval_id", "answer"]);
  });

  it.each(["1.1", "2"] as const)("that is too large is refused over HTTP/%s", async (httpVersion) => {
    using client = createTauClient({ baseUrl: harness.server.url, httpVersion });
    for (const size of [100_001, 200_000, 3_000_000]) {
      const entries = [{ key: "k", content: "x".repeat(size) }];
      await expect(client.injectContext({ sessionId: "s", entries })).rejects.toMatchObject({
        code: "request.invalid",
        message: expect.stringContaining("larger than configured"),
      });
      const run = client.run({ sessionId: "s", prompt: "x".repeat(size) })[Symbol.asyncIterator]();
      await expect(run.next()).rejects.toMatchObject({ code: "request.invalid" });
    }
    // Nothing of it is left behind: the connection, or a new one, still serves.
    await expect(client.getSession("s")).rejects.toMatchObject({ code: "session.not_found" });
  });

  it("about a session that is not there says so", async () => {
    const requests: readonly (readonly [Method, JsonValue])[] = [
      ["run", { sessionId: "none", prompt: "x" }],
      ["attach", { sessionId: "none" }],
      ["getSession", { sessionId: "none" }],
      ["injectContext", { sessionId: "none", entries: [entry] }],
      ["cancelRun", { sessionId: "none", runId: "r" }],
      ["forkSession", { sessionId: "none", atSeq: 1 }],
      ["respond", { sessionId: "none", approvalId: "a", answer: 1 }],
    ];
    for (const [method, request] of requests) {
      const error = await failureOf(method, request);
      expect([method, error.code]).toEqual([method, Code.NotFound]);
      expect(error.findDetails(ErrorDetailSchema)[0]?.code).toBe("session.not_found");
    }
  });
});
