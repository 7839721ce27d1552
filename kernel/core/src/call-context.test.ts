import { describe, expect, test } from "vitest";

import { createCallContext } from "./call-context.ts";

const principal = { id: "ada", kind: "person", scopes: [] } as const;

describe("createCallContext()", () => {
  test("makes a trace id of 32 hexadecimal digits, another one each time", () => {
    const [a, b] = [
      createCallContext({ tenant: "acme", principal }),
      createCallContext({ tenant: "acme", principal }),
    ];

    expect(a.traceId).toMatch(/^[0-9a-f]{32}$/u);
    expect(a.traceId).not.toBe(b.traceId);
  });

  test("keeps what it is given", () => {
    const { signal } = new AbortController();
    const given = { tenant: "acme", principal, signal, traceId: "0".repeat(32), deadline: 7 };

    expect(createCallContext(given)).toEqual(given);
  });

  test("refuses a tenant that is not a name", () => {
    expect(() => createCallContext({ tenant: "../acme", principal })).toThrow("tenant");
  });
});
