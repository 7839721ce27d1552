import { inspect } from "node:util";

import { textOf, userText } from "@tau/core";
import type { CallContext, ErrorClass } from "@tau/core";
import { describe, expect, test } from "vitest";

import { completeAnswer } from "../complete-answer.ts";
import type { ModelErrorCode } from "../error-codes.ts";
import { createHttpTransport } from "../http/http-transport.ts";
import type { Model, ModelRequest } from "../model.ts";
import { retry } from "../retry.ts";
import type { WireModelOptions } from "../wire-model.ts";
import { startFaultServer } from "./fault-server.ts";
import type { Fault, FaultWire } from "./fault-server.ts";

/** An adapter under test: its protocol, and how to make it for a server. */
export interface ModelFaultSubject {
  readonly wire: FaultWire;
  readonly create: (
    url: string,
    options: Required<Pick<WireModelOptions, "model" | "apiKey" | "timeouts" | "transport">>,
  ) => Model;
}

/** What a fault must look like to the caller. `retries`: whether a `retry()` around the model asks again. */
interface Expectation {
  readonly code: ModelErrorCode;
  readonly class: ErrorClass;
  readonly retryAfterMs?: number;
  readonly retries: boolean;
}

const limited = { code: "model.rate_limited", class: "rate_limited", retries: true } as const;
const network = { code: "model.network", class: "retryable", retries: true } as const;

const beforeTheAnswer: readonly (readonly [string, Fault, Expectation])[] = [
  [
    "429 with Retry-After",
    { kind: "status", status: 429, retryAfterSeconds: 7 },
    { ...limited, retryAfterMs: 7000 },
  ],
  ["429 without Retry-After", { kind: "status", status: 429 }, limited],
  ["401", { kind: "status", status: 401 }, { code: "model.auth", class: "auth", retries: false }],
  ["402", status(402), { code: "model.payment_required", class: "permanent", retries: false }],
  ["404", status(404), { code: "model.not_found", class: "permanent", retries: false }],
  ["500", status(500), { code: "model.server_error", class: "retryable", retries: true }],
  ["503", status(503), { code: "model.overloaded", class: "retryable", retries: true }],
  ["529", status(529), { code: "model.overloaded", class: "retryable", retries: true }],
  ["a reset", { kind: "reset" }, network],
  ["a closed connection", { kind: "half_close" }, network],
  ["silence", { kind: "stall" }, { code: "model.timeout", class: "retryable", retries: true }],
];

const insideTheAnswer: readonly (readonly [string, Fault["kind"], ModelErrorCode])[] = [
  ["a reset", "reset", "model.network"],
  ["a half-closed connection", "half_close", "model.network"],
  ["an early end", "cut", "model.truncated"],
  ["silence", "stall", "model.idle_timeout"],
  ["garbage", "garbage", "model.parse"],
];

const apiKey = "sk-fault-secret";
const question: ModelRequest = { messages: [userText("Say hello.")], tools: [] };

/**
 * Checks that an adapter says of every way to fail what it is: the right class and code, a message that names
 * the provider, as many tries as the class allows, and never the key. Needs vitest.
 */
export function describeModelFaults(name: string, subject: ModelFaultSubject): void {
  describe(`${name} meets a server that fails:`, () => {
    test.each(beforeTheAnswer)("%s, before the answer", async (_name, fault, expected) => {
      // A silence costs a second, so it is asked once again only.
      const tries = fault.kind === "stall" ? [fault, fault] : [fault, fault, fault];
      const { error, requests } = await failureOf(subject, tries);

      const { retries, ...fields } = expected;
      expect(error).toMatchObject({ kind: "tau.error", ...fields });
      expect(requests).toBe(retries ? tries.length : 1);
      expectPresentable(error);
    });

    test.each(insideTheAnswer)("%s, inside the answer", async (_name, kind, code) => {
      const afterBytes = Math.floor(subject.wire.answer.length / 2);
      const { error } = await failureOf(
        subject,
        [1, 2, 3].map(() => ({ kind, afterBytes })),
      );

      expect(error).toMatchObject({ kind: "tau.error", code, class: "retryable" });
      expectPresentable(error);
    });

    test("asks again until it is answered, and reads an answer that drips", async () => {
      const faults = [status(503), { kind: "reset" }, { kind: "drip" }] as const;
      const { text, requests } = await ask(subject, faults);

      expect(text).toBe("Hello, world.");
      expect(requests).toBe(3);
    });

    test("does not ask again once it has spoken", async () => {
      // All but the last byte: whatever the protocol, it has said something by then.
      const cut = { kind: "cut", afterBytes: subject.wire.answer.length - 1 } as const;
      const { error, requests } = await failureOf(subject, [cut, cut]);

      expect(error).toMatchObject({ code: "model.truncated" });
      expect(requests).toBe(1);
    });
  });
}

function status(code: number): Fault {
  return { kind: "status", status: code };
}

async function failureOf(
  subject: ModelFaultSubject,
  faults: readonly Fault[],
): Promise<{ readonly error: unknown; readonly requests: number }> {
  const { error, requests } = await ask(subject, faults);
  return { error, requests };
}

async function ask(
  { wire, create }: ModelFaultSubject,
  faults: readonly Fault[],
): Promise<{ readonly text?: string; readonly error?: unknown; readonly requests: number }> {
  await using server = await startFaultServer(wire, faults);
  await using transport = createHttpTransport();
  const silent = faults.some(({ kind }) => kind === "stall");
  const model = create(server.url, {
    model: "faulty",
    apiKey,
    transport,
    timeouts: silent ? { headersMs: 100, idleMs: 100 } : {},
  });
  const patient = retry(model, { retries: silent ? 1 : 2, wait: async () => undefined });
  try {
    const { message } = await completeAnswer(patient, question, context());
    return { text: textOf(message), requests: server.requests() };
  } catch (error) {
    return { error, requests: server.requests() };
  }
}

/** The message says whose failure it is, and nothing that was kept of it holds the key. */
function expectPresentable(error: unknown): void {
  expect(error).toMatchObject({ message: expect.stringMatching(/^Provider ".+" \(model "faulty"\) .+\.$/) });
  expect(inspect(error, { depth: 9 })).not.toContain(apiKey);
}

function context(): CallContext {
  return {
    tenant: "faults",
    principal: { id: "faults", kind: "service", scopes: [] },
    traceId: "0".repeat(32),
    signal: new AbortController().signal,
  };
}
