import type { JsonObject, ModelEvent } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { SseParser } from "../sse/sse-parser.ts";
import { ResponsesDecoder } from "./decoder.ts";

function decodeText(text: string, fast = true) {
  const decoder = new ResponsesDecoder({ provider: "local", model: "asked-for" }, (body) => new Error(body));
  let taken = 0;
  const shortcut = (source: string, offset: number): number => {
    const behind = fast ? decoder.shortcut(source, offset) : -1;
    if (behind !== -1) taken++;
    return behind;
  };
  const parser = new SseParser({ event: (event) => decoder.event(event), shortcut }, 1_000_000);
  let failure: string | undefined;
  try {
    parser.push([Buffer.from(text)]);
  } catch (error) {
    failure = error instanceof Error ? error.message : "?";
  }
  const events: readonly ModelEvent[] = decoder.take();
  return { events, failure, finished: decoder.finished, taken };
}

function decode(...events: readonly JsonObject[]) {
  return decodeText(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""));
}

const completed = (response: JsonObject = {}): JsonObject => ({
  type: "response.completed",
  response: { id: "r", status: "completed", output: [], ...response },
});
const call = (fields: JsonObject = {}): JsonObject => ({
  type: "function_call",
  call_id: "c1",
  name: "x",
  arguments: '{"a":1}',
  ...fields,
});
const said = (...content: readonly JsonObject[]): JsonObject => ({ type: "message", content });

describe("ResponsesDecoder", () => {
  test("says whole what a server does not stream in pieces", () => {
    const thought = { type: "reasoning", content: [{ type: "reasoning_text", text: "hm" }] };
    const answer = said({ type: "output_text", text: "Hi" });
    const expected = [
      { type: "thinking_delta", text: "hm" },
      { type: "text_delta", text: "Hi" },
      { type: "tool_call_started", index: 0, id: "c1", name: "x" },
      { type: "tool_call_delta", index: 0, fragment: '{"a":1}' },
      { type: "finished", stopReason: "tool_calls" },
    ];
    const items = [thought, answer, call()];
    const done = items.map((item, index) => ({
      type: "response.output_item.done",
      output_index: index,
      item,
    }));

    expect(decode(completed({ output: items })).events).toMatchObject(expected);
    expect(decode(...done, completed({ output: items })).events).toMatchObject(expected);
    expect(decode(...done, completed()).events).toMatchObject(expected);
  });

  test("keeps what was said when a server repeats none of it", () => {
    const { finished } = decode({ type: "response.output_text.delta", delta: "Hi" }, completed());

    expect(finished?.message.parts).toEqual([{ type: "text", text: "Hi" }]);
    expect(finished?.model).toBe("asked-for");
  });

  test("tells parallel calls apart by their place", () => {
    const added = [0, 1].map((index) => ({
      type: "response.output_item.added",
      output_index: index,
      item: call({ call_id: `c${index}`, arguments: "" }),
    }));
    const fragment = (index: number, delta: string): JsonObject => ({
      type: "response.function_call_arguments.delta",
      output_index: index,
      delta,
    });
    const { events } = decode(...added, fragment(0, "{"), fragment(1, "[]"), fragment(0, "}"));

    expect(events).toEqual([
      { type: "tool_call_started", index: 0, id: "c0", name: "x" },
      { type: "tool_call_started", index: 1, id: "c1", name: "x" },
      { type: "tool_call_delta", index: 0, fragment: "{" },
      { type: "tool_call_delta", index: 1, fragment: "[]" },
      { type: "tool_call_delta", index: 0, fragment: "}" },
    ]);
  });

  test("separates the parts of a summary, in pieces as in the whole", () => {
    const place = { output_index: 0 };
    const summary = ["a", "b"].map((text) => ({ type: "summary_text", text }));
    const { events, finished } = decode(
      { type: "response.reasoning_summary_part.added", summary_index: 0, ...place },
      { type: "response.reasoning_summary_text.delta", delta: "a", ...place },
      { type: "response.reasoning_summary_part.added", summary_index: 1, ...place },
      { type: "response.reasoning_summary_text.delta", delta: "b", ...place },
      completed({ output: [{ type: "reasoning", summary }] }),
    );

    expect(events.map((event) => (event.type === "thinking_delta" ? event.text : ""))).toEqual([
      "a",
      "\n\n",
      "b",
      "",
    ]);
    expect(finished?.message.parts).toMatchObject([{ type: "thinking", text: "a\n\nb" }]);
  });

  test.each([
    [{ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }, "length"],
    [{ status: "incomplete", incomplete_details: { reason: "content_filter" } }, "content_filtered"],
    [{ output: [said({ type: "refusal", refusal: "No." })] }, "content_filtered"],
    [{ output: [call()] }, "tool_calls"],
    [{ status: "complete" }, "stop"],
  ])("finishes %j as %s", (response, stopReason) => {
    expect(decode(completed(response)).finished?.stopReason).toBe(stopReason);
  });

  test.each([
    [{ status: "failed", error: { code: "server_error", message: "Broken" } }, /Broken/],
    [{ status: "cancelled" }, /cancelled the request/],
    [{ status: "in_progress" }, /in the background/],
    [{ output: [call({ name: "" })] }, /not this protocol/],
  ])("refuses %j", (response, message) => {
    const { failure, finished } = decode(completed(response));

    expect(failure).toMatch(message);
    expect(finished).toBeUndefined();
  });

  test("throws the error of an error event, flat or nested", () => {
    expect(decode({ type: "error", code: "rate_limit_exceeded", message: "slow" }).failure).toMatch(/slow/);
    expect(decode({ error: { message: "slow" } }).failure).toMatch(/slow/);
  });

  test.each([
    ["by its name", 'event: error\ndata: {"code":"rate_limit_exceeded"}\n\n'],
    ["as a text", 'data: {"error":"rate_limit_exceeded"}\n\n'],
    ["as vLLM's errors are", 'data: {"object":"error","type":"rate_limit_exceeded"}\n\n'],
  ])("throws the error of an event that is one only %s", (_name, event) => {
    expect(decodeText(event).failure).toMatch(/rate_limit_exceeded/);
  });

  test("knows an answer that was cancelled", () => {
    expect(decode({ type: "response.cancelled", response: { status: "cancelled" } }).failure).toMatch(
      /cancelled the request/,
    );
  });

  test("cites sources at places of the text, whose characters are not all one unit long", () => {
    const annotations = [
      { type: "url_citation", url: "https://a", title: "A", start_index: 2, end_index: 3 },
      { type: "file_citation", filename: "a.pdf", file_id: "f", index: 1 },
      { type: "unknown" },
    ];
    const { finished } = decode(
      completed({ output: [said({ type: "output_text", text: "🎉 b", annotations })] }),
    );

    expect(finished?.message.parts).toMatchObject([
      { citations: [{ url: "https://a", title: "A", start: 3, end: 4 }, { title: "a.pdf" }] },
    ]);
  });

  test.each([
    [
      "OpenAI",
      (n: number, t: string) =>
        `{"type":"response.output_text.delta","sequence_number":${n},"item_id":"m","output_index":0,"content_index":0,"delta":${t},"logprobs":[],"obfuscation":"aZ9"}`,
    ],
    [
      "its older form",
      (n: number, t: string) =>
        `{"type":"response.output_text.delta","content_index":0,"delta":${t},"item_id":"m","logprobs":[],"obfuscation":"aZ9","output_index":0,"sequence_number":${n}}`,
    ],
    [
      "Bedrock",
      (n: number, t: string) =>
        `{"content_index":0,"delta":${t},"item_id":"m","logprobs":[],"obfuscation":"","output_index":1,"sequence_number":${n},"type":"response.output_text.delta"}`,
    ],
    [
      "xAI",
      (n: number, t: string) =>
        `{"sequence_number":${n},"type":"response.output_text.delta","content_index":0,"delta":${t},"item_id":"m","output_index":1,"logprobs":[]}`,
    ],
  ])("takes the plain deltas of %s by the shortcut", (_name, toJson) => {
    const source = [8, 9, 10, 11]
      .map((n) => `event: response.output_text.delta\ndata: ${toJson(n, JSON.stringify(`"${n}`))}\n\n`)
      .join("");

    expect(decodeText(source)).toMatchObject({
      taken: 3,
      events: ['"8', '"9', '"10', '"11'].map((text) => ({ type: "text_delta", text })),
    });
  });

  test("goes the slow way where two places look like the number of the event", () => {
    const source = [1, 2, 3]
      .map(
        (n) =>
          `data: {"type":"response.output_text.delta","logprobs":[{"sequence_number":${n}}],"sequence_number":${n},"delta":"${n}"}\n\n`,
      )
      .join("");

    expect(decodeText(source)).toMatchObject({
      taken: 0,
      events: [{ text: "1" }, { text: "2" }, { text: "3" }],
    });
  });

  test("gives the same events and failures as the slow way, also for broken streams", () => {
    const line = fc
      .record({
        delta: fc.string({ unit: "binary" }),
        number: fc.constantFrom("1", "12", "012", "0", "-1", '"3"', "1.5"),
        type: fc.constantFrom(
          "response.output_text.delta",
          "response.output_text.delta",
          "response.refusal.delta",
          "error",
        ),
        obfuscation: fc.constantFrom('"ab"', '""', '"a\\n"', "1"),
        nested: fc.constantFrom("[]", '[{"sequence_number":5,"obfuscation":"x"}]'),
      })
      .map(
        (e) =>
          `data: {"type":"${e.type}","sequence_number":${e.number},"logprobs":${e.nested},"delta":${JSON.stringify(e.delta)},"obfuscation":${e.obfuscation}}\n\n`,
      );
    const mutation = fc.tuple(fc.nat(), fc.constantFrom("", "", '"', "\\", "\n", "}", "{", "x", ",", "0"));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), mutation, (lines, [place, unit]) => {
        const whole = lines.join("");
        const at = place % (whole.length + 1);
        const source = unit === "" ? whole : whole.slice(0, at) + unit + whole.slice(at + (place % 3));

        expect({ ...decodeText(source), taken: 0 }).toEqual(decodeText(source, false));
      }),
      { numRuns: 500 },
    );
  });

  test("cannot be made to hang, crash or finish by noise", () => {
    const types = ["created", "output_item.added", "output_item.done", "output_text.delta"];
    const noise = fc.record({
      type: fc.constantFrom(...types.map((type) => `response.${type}`)),
      output_index: fc.oneof(fc.nat(3), fc.json()),
      item: fc.oneof(fc.object(), fc.constant({ type: "message", content: [null, 1] })),
      delta: fc.oneof(fc.string(), fc.constant(null)),
      response: fc.oneof(fc.object(), fc.constant(null)),
    });
    fc.assert(
      fc.property(fc.array(noise), (events) => {
        const { finished, failure } = decodeText(
          events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""),
        );

        expect(finished).toBeUndefined();
        expect(failure ?? "").not.toMatch(/undefined|is not a function|Cannot read/);
      }),
    );
  });
});
