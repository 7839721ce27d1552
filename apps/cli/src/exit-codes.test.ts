import { expect, test } from "vitest";

import { cliErrorCodes } from "./error-codes.ts";
import { exitCodeOfError } from "./exit-codes.ts";

test.each([
  ["cli.usage", 2],
  ["config.exists", 2],
  ["config.invalid", 2],
  ["config.not_found", 2],
  ["config.secret_missing", 2],
  ["config.untrusted", 2],
  ["provider.not_found", 2],
  ["permission.invalid_rule", 2],
  ["server.token_required", 2],
  ["client.invalid_url", 2],
  ["kubernetes.config", 2],
  ["container.invalid_address", 2],
  ["egress.invalid_rule", 2],
  ["kubernetes.unreachable", 1],
  ["sandbox.unavailable", 3],
  ["environment.denied", 3],
  ["environment.failed", 1],
  ["session.not_found", 1],
  ["model.auth", 1],
])("%s ends the command with %i", (code, exitCode) => {
  expect(exitCodeOfError(code)).toBe(exitCode);
});

test("every code of this package is about how the command was used, or about a plan that nobody approved", () => {
  for (const code of Object.keys(cliErrorCodes)) {
    // A plan that is not there was named wrongly.
    const isRefused = code.startsWith("plan.") && code !== "plan.not_found";
    expect([code, exitCodeOfError(code)]).toEqual([code, isRefused ? 3 : 2]);
  }
});
