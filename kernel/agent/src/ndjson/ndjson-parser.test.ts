import { describe, expect, test } from "vitest";

import { randomSplits, seededRandom } from "../testing/random-splits.ts";
import { NdjsonParser } from "./ndjson-parser.ts";

function linesOf(pieces: readonly Buffer[], maxLineBytes = 1000): readonly string[] {
  const lines: string[] = [];
  const parser = new NdjsonParser(
    {
      event: ({ data, text, start, end }) => {
        lines.push(data);
        expect(text.slice(start, end)).toBe(`${data}\n`);
      },
      shortcut: () => -1,
    },
    maxLineBytes,
  );
  for (const piece of pieces) parser.push([piece]);
  parser.end();
  return lines;
}

describe("NdjsonParser", () => {
  const lines = ['{"a":"Zürich 😀"}', '{"b":"\\n"}', "{}"];
  const bytes = Buffer.from(`${lines[0]}\n\n${lines[1]}\n  \n${lines[2]}\n`);

  test("gives the same lines however the bytes are cut", () => {
    expect(linesOf([bytes])).toEqual(lines);
    for (let at = 0; at <= bytes.length; at++) {
      expect(linesOf([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(lines);
    }
    for (let seed = 0; seed < 50; seed++) {
      expect(linesOf(randomSplits(bytes, seededRandom(seed)))).toEqual(lines);
    }
  });

  test("takes several chunks of one read", () => {
    const seen: string[] = [];
    const parser = new NdjsonParser({ event: ({ data }) => seen.push(data), shortcut: () => -1 }, 1000);
    parser.push([bytes.subarray(0, 7), bytes.subarray(7, 30), bytes.subarray(30)]);

    expect(seen).toEqual(lines);
  });

  test("takes a last line without a line feed only if it is whole JSON", () => {
    expect(linesOf([Buffer.from('{"a":1}\n{"b":2}')])).toEqual(['{"a":1}', '{"b":2}']);
    expect(linesOf([Buffer.from('{"a":1}\n{"b":2')])).toEqual(['{"a":1}']);
  });

  test("refuses a line without end", () => {
    expect(() => linesOf([Buffer.from("x".repeat(600)), Buffer.from("x".repeat(600))])).toThrow(
      expect.objectContaining({ code: "EVENT_TOO_LARGE" }),
    );
  });

  test("lets the sink read lines by itself, where a line begins", () => {
    const places: number[] = [];
    const events: string[] = [];
    const text = "aaa\nbb\naaa\ncc\n";
    const parser = new NdjsonParser(
      {
        event: ({ data }) => events.push(data),
        shortcut(source, offset) {
          places.push(offset);
          return source.startsWith("aaa\n", offset) ? offset + 4 : -1;
        },
      },
      1000,
    );
    parser.push([Buffer.from(text)]);

    expect(places).toEqual([0, 4, 7, 11]);
    expect(events).toEqual(["bb", "cc"]);
  });
});
