import type { Json } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { decodeEngineEvent, encodeEngineEvent } from "./engine-event.ts";
import type { EngineEvent } from "./engine-event.ts";

const text = fc.string({ unit: "binary", maxLength: 20 });
const json: fc.Arbitrary<Json> = fc.jsonValue().map((value): Json => JSON.parse(JSON.stringify(value)));

const error = fc.record(
  {
    code: text,
    message: text,
    class: fc.constantFrom("permanent", "retryable", "rate_limited", "auth", "cancelled"),
    retryAfterMs: fc.nat(),
  },
  { requiredKeys: ["code", "message", "class"] },
);

const event: fc.Arbitrary<EngineEvent> = fc.oneof(
  fc.record(
    { type: fc.constant("run_submitted"), runId: text, program: text, input: json, by: text },
    { requiredKeys: ["type", "runId", "program", "input"] },
  ),
  fc.record({ type: fc.constantFrom("key_claimed", "key_released"), by: text }),
  fc.record({ type: fc.constant("run_signalled"), runId: text, name: text, payload: json }),
  fc.record({ type: fc.constant("run_cancelled"), runId: text, reason: text }),
  fc.record({ type: fc.constant("timer_set"), runId: text, name: text, at: fc.nat() }),
  fc.record({ type: fc.constant("wait_expired"), runId: text, name: text }),
  fc.record({
    type: fc.constantFrom("run_ended", "run_ended_idle"),
    runId: text,
    outcome: fc.oneof(
      fc.record({ ok: fc.constant(true), result: json }),
      fc.record({ ok: fc.constant(false), error }),
    ),
  }),
);

describe("engine events", () => {
  test("are read as they were written", () => {
    fc.assert(
      fc.property(event, (written) => {
        const stored = { ...encodeEngineEvent(written, 7), seq: 1 };
        expect(decodeEngineEvent(stored)).toEqual(written);
      }),
    );
  });

  test("of a later version or an unknown type are passed over", () => {
    const stored = { seq: 1, at: 7, type: "wait_expired", version: 2, body: "?" };
    expect(decodeEngineEvent(stored)).toBeUndefined();
    expect(decodeEngineEvent({ ...stored, version: 1, type: "run_dreamt" })).toBeUndefined();
  });

  test.each([
    ["run_submitted", "{"],
    ["run_submitted", "[]"],
    ["run_submitted", '{"runId":1,"program":"p"}'],
    ["run_submitted", '{"runId":"r","program":"p","by":1}'],
    ["key_claimed", "{}"],
    ["timer_set", '{"runId":"r","name":"n","at":"soon"}'],
    ["run_ended", '{"runId":"r"}'],
    ["run_ended", '{"runId":"r","outcome":{"ok":false,"error":{"code":"a.b","message":"m","class":"odd"}}}'],
  ])("of type %s with the body %j are refused", (type, body) => {
    expect(() => decodeEngineEvent({ seq: 3, at: 7, version: 1, type, body })).toThrow(
      expect.objectContaining({ code: "engine.invalid_event" }),
    );
  });
});
