import { createTauClient } from "@tau/client";
import { expect, it } from "vitest";

import { factTypes, openHarness } from "./server-harness.test.support.ts";

it.each(["1.1", "2"] as const)("serves our own client over HTTP/%s", async (httpVersion) => {
  await using harness = await openHarness();
  using client = createTauClient({ baseUrl: harness.server.url, httpVersion });
  const { sessionId } = await client.createSession({ externalId: "s1" });
  expect(sessionId).toBe("s1");
  expect(await factTypes(client.run({ sessionId, prompt: "Hello" }))).toEqual([
    "run_started",
    "model_finished",
    "run_finished",
  ]);
});
