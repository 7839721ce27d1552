import { expect, test } from "vitest";

import { plainText } from "./plain-text.ts";

test("plainText() shows the last state of a line, of which nothing is left by what ends it", () => {
  expect(plainText("10 %\r20 %\r\r\nnext\r\u001b[31mred\u001b[0m")).toBe("20 %\nred");
});

// Commands choose what they write: a text that is looked through again for each of its characters stops everybody.
test("plainText() reads a line of nothing but carriage returns once", () => {
  expect(plainText(`${"\r".repeat(400_000)}x`)).toBe("x");
});
