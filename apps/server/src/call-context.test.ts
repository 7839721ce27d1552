import { createTauClient } from "@tau/client";
import type { CallContext, Observation } from "@tau/core";
import { expect, it } from "vitest";

import { openHarness } from "./server-harness.test.support.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";

it.each([
  ["a W3C traceparent", `00-${traceId}-b7ad6b7169203331-01`, traceId],
  ["one of a later version", `cc-${traceId}-b7ad6b7169203331-01-more`, traceId],
  ["a traceparent of zeros", `00-${"0".repeat(32)}-b7ad6b7169203331-01`, undefined],
  ["a broken traceparent", "00-xyz-01", undefined],
])("takes %s for the trace id of the call", async (_name, traceparent, expected) => {
  const contexts: CallContext[] = [];
  await using harness = await openHarness({
    wrap: (runtime) => ({
      ...runtime,
      getSession: (id, context) => {
        contexts.push(context);
        return runtime.getSession(id, context);
      },
    }),
  });
  using client = createTauClient({ baseUrl: harness.server.url, headers: { traceparent } });
  const failed: unknown = await client
    .getSession("none", { timeoutMs: 20_000 })
    .catch((error: unknown) => error);
  const [context] = contexts;
  expect(context?.traceId).toMatch(/^[0-9a-f]{32}$/);
  if (expected !== undefined) expect(context?.traceId).toBe(expected);
  expect(failed).toMatchObject({ code: "session.not_found", details: { traceId: context?.traceId } });
  expect(context).toMatchObject({ tenant: "local", principal: { id: "local", kind: "person" } });
  const left = (context?.deadline ?? 0) - Date.now();
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(20_000);
});

it("tells a bug to the log and not to the caller", async () => {
  const seen: Observation[] = [];
  const bug = new Error("password=hunter2 at /srv/secret");
  await using harness = await openHarness({
    observer: (observation) => seen.push(observation),
    wrap: (runtime) => ({ ...runtime, getSession: () => Promise.reject(bug) }),
  });
  using client = createTauClient({ baseUrl: harness.server.url });
  const failed: unknown = await client.getSession("s1").catch((error: unknown) => error);
  expect(failed).toMatchObject({
    code: "internal",
    class: "permanent",
    message: expect.stringContaining("trace"),
  });
  expect(JSON.stringify(failed)).not.toContain("hunter2");
  const failure = seen.find(({ name }) => name === "server.call_failed");
  expect(failure).toMatchObject({
    level: 17,
    error: bug,
    attributes: { code: "internal", method: "GetSession" },
  });
});

it("gives an unary call up at its deadline", async () => {
  const { promise: aborted, resolve: onAbort } = Promise.withResolvers<void>();
  await using harness = await openHarness({
    wrap: (runtime) => ({
      ...runtime,
      getSession: (_id, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            onAbort();
            reject(signal.reason);
          });
        }),
    }),
  });
  using client = createTauClient({ baseUrl: harness.server.url });
  await expect(client.getSession("s1", { timeoutMs: 100 })).rejects.toMatchObject({
    code: "call.deadline_exceeded",
    class: "cancelled",
  });
  await aborted;
});
