import { isJsonObject, untrusted } from "@tau/core";
import type { JsonObject } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { answer, callPart, created, ended, finished, started } from "./events.test.support.ts";
import { decodeEvent, encodeEvent } from "./event-codec.ts";

describe("decodeEvent()", () => {
  test("reads back what encodeEvent() wrote", () => {
    const events = [
      created(),
      started("r1", "héllo 👋"),
      answer("r1", 1, [callPart("a")]),
      finished("r1", 0, "a"),
      ended("r1", "failed"),
    ];

    expect(events.map((event) => decodeEvent(encodeEvent(event)))).toEqual(events);
  });

  test("keeps the labels of content, and takes events that have none", () => {
    const label = untrusted("web:example.org");
    const bare = finished("r1", 0, "a");
    const content = bare.result.content.map((part) => ({ ...part, label }));
    const labelled = [
      { ...bare, result: { ...bare.result, content } },
      { ...answer("r1", 1, []), label },
    ];

    expect(labelled.map((event) => decodeEvent(encodeEvent(event)))).toEqual(labelled);
    expect(decodeEvent(encodeEvent(bare))).toEqual(bare);
  });

  test("keeps an event of a newer Tau and writes it back unchanged", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.integer({ min: 1, max: 9 }),
        (dictionary, version) => {
          const body = JSON.stringify(dictionary);

          const event = decodeEvent({ type: "teleported", version, body });

          expect(event.type).toBe("unknown");
          expect(encodeEvent(event)).toEqual({
            type: "teleported",
            version,
            body: JSON.stringify(parse(body)),
          });
        },
      ),
    );
  });

  test("does not trust a newer version of an event it knows", () => {
    const event = decodeEvent({ type: "run_started", version: 2, body: '{"prompt":7}' });

    expect(event).toEqual({
      type: "unknown",
      originalType: "run_started",
      originalVersion: 2,
      body: { prompt: 7 },
    });
  });

  test("names the event when the store is corrupt", () => {
    expect(() => decodeEvent({ type: "run_started", version: 1, body: "[1" })).toThrow('"run_started"');
  });
});

function parse(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  return isJsonObject(value) ? value : {};
}
