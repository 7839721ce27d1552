import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { SseParser } from "./sse-parser.ts";

interface Seen {
  readonly name: string;
  readonly data: string;
}

function parse(pieces: readonly (string | Buffer)[], maxEventBytes = 1_000_000): readonly Seen[] {
  const seen: Seen[] = [];
  const parser = new SseParser(
    { event: ({ name, data }) => seen.push({ name, data }), shortcut: () => -1 },
    maxEventBytes,
  );
  for (const piece of pieces) parser.push([Buffer.from(piece)]);
  return seen;
}

describe("SseParser", () => {
  test.each([
    ["line feeds", "event: a\ndata: 1\n\ndata: 2\n\n"],
    ["carriage returns with line feeds", "event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n"],
    ["carriage returns", "event: a\rdata: 1\r\rdata: 2\r\r"],
    ["all kinds mixed", "event: a\rdata: 1\n\r\ndata: 2\r\n\r"],
  ])("reads events whose lines end with %s", (_name, text) => {
    expect(parse([text])).toEqual([
      { name: "a", data: "1" },
      { name: "", data: "2" },
    ]);
  });

  test("joins several data lines by line feeds", () => {
    expect(parse(["data: a\ndata:b\ndata\ndata:  c\n\n"])).toEqual([{ name: "", data: "a\nb\n\n c" }]);
  });

  test("ignores comments, unknown fields and events without data", () => {
    expect(parse([": hello\nid: 7\nretry: 1\nfoo: bar\nevent: x\n\n:\n\ndata: 1\n\n"])).toEqual([
      { name: "", data: "1" },
    ]);
  });

  test("tells of the lines that are no field of an event", () => {
    const lines: string[] = [];
    const parser = new SseParser({ event: () => {}, shortcut: () => -1 }, 1000, (line) => lines.push(line));
    parser.push([Buffer.from(": hello\nid: 7\nid\nretry: 1\nevent: x\ndata: 1\nidea: 1\n{\n\n}\n")]);
    expect(lines).toEqual(["idea: 1", "{", "}"]);
  });

  test("ignores a byte order mark at the start, and only there", () => {
    expect(parse(["\uFEFFdata: 1\n\n", "\uFEFFdata: 2\n\ndata: 3\n\n"])).toEqual([
      { name: "", data: "1" },
      { name: "", data: "3" },
    ]);
  });

  test("never delivers an event without its closing blank line", () => {
    expect(parse(["data: [DONE]\n"])).toEqual([]);
    expect(parse(["data: [DONE]"])).toEqual([]);
  });

  test("keeps characters whole that are cut between pieces", () => {
    const bytes = Buffer.from("data: 🎉é\n\n");
    for (let at = 1; at < bytes.length; at++) {
      expect(parse([bytes.subarray(0, at), bytes.subarray(at)])).toEqual([{ name: "", data: "🎉é" }]);
    }
  });

  test.each([
    ["one endless line", ["data: ", ...Array.from({ length: 30 }, () => "x".repeat(10))]],
    ["endless data lines", Array.from({ length: 30 }, () => `data: ${"x".repeat(10)}\n`)],
  ])("refuses an event over the limit: %s", (_name, pieces) => {
    expect(() => parse(pieces, 100)).toThrow(/more than 100 bytes/);
  });

  test("is not confused by empty pieces", () => {
    expect(parse(["data: x\r", "", "\n"])).toEqual([]);
  });

  test("waits for the rest of a line when the last of several pieces is empty", () => {
    const events: string[] = [];
    const parser = new SseParser({ event: ({ data }) => events.push(data), shortcut: () => -1 }, 1000);
    parser.push([Buffer.from("data: x"), Buffer.from("")]);
    parser.push([Buffer.from("y\n\n")]);

    expect(events).toEqual(["xy"]);
  });

  test("reads the same events however the bytes are cut", () => {
    const line = fc.oneof(
      fc.string({ unit: "binary" }).map((text) => `data: ${text.replaceAll(/[\r\n]/g, "")}`),
      fc.constantFrom("", "", "event: x", ": comment", "data", "data:", "id: 3", "\uFEFF"),
    );
    const text = fc
      .array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\r")))
      .map((lines) => lines.flat().join(""));
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 200 })), (source, cuts) => {
        const bytes = Buffer.from(source);
        const places = [
          0,
          ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b),
          bytes.length,
        ];
        const pieces = places.slice(1).map((place, index) => bytes.subarray(places[index], place));

        expect(parse(pieces)).toEqual(parse([bytes]));
      }),
    );
  });
});
