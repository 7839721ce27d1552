import { describe, expect, test } from "vitest";

import { LineSplitter } from "./line-splitter.ts";

describe("LineSplitter", () => {
  test("gives the same lines however the bytes are cut", () => {
    const bytes = Buffer.from("é\n\nzwei\r\nlast");
    for (let at = 0; at <= bytes.length; at++) {
      const splitter = new LineSplitter(100);
      splitter.push(bytes.subarray(0, at));
      const before = splitter.take();
      splitter.push(bytes.subarray(at));
      splitter.end();

      expect([...before, ...splitter.take()]).toEqual(["é", "", "zwei\r", "last"]);
    }
  });

  test("throws at a line that is too long, also one without an end", () => {
    const splitter = new LineSplitter(4);
    splitter.push(Buffer.from("1234\n123"));

    expect(() => splitter.push(Buffer.from("45"))).toThrow("longer than the limit");
  });
});
