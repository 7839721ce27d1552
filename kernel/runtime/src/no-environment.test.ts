import { describe, expect, test } from "vitest";

import { noEnvironment } from "./no-environment.ts";
import { codeOf } from "./runtime-harness.test.support.ts";

describe("noEnvironment", () => {
  test("says how to get one", async () => {
    const { signal } = new AbortController();

    expect(await codeOf(noEnvironment.stat("/etc/passwd", signal))).toBe("environment.unavailable");
    expect(await codeOf(noEnvironment.exec({ argv: ["true"], timeoutMs: 1 }, signal))).toBe(
      "environment.unavailable",
    );
  });
});
