import { describe, expect, test } from "vitest";

import { secretsIn } from "./secrets-in.ts";

describe("secretsIn()", () => {
  test("names each kind of credential once, and none of their values", () => {
    const token = `ghp_${"a1B2".repeat(9)}`;

    expect(secretsIn(`TOKEN=${token}\nOLD=${token}x\nkey: AKIA${"A1".repeat(8)}`)).toEqual([
      "aws_key",
      "github_token",
    ]);
  });

  test("names nothing in ordinary text", () => {
    expect(secretsIn("The key sk-example is no key; see AKIA.")).toEqual([]);
  });
});
