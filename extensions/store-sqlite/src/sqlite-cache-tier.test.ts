import { describeCacheTier } from "@tau/pipeline/testing";
import { expect, test } from "vitest";

import { createSqliteStore } from "./create-sqlite-store.ts";
import { openFile, testFolder } from "./test-store.test.support.ts";

const answer = {
  type: "finished" as const,
  message: { role: "assistant" as const, parts: [{ type: "text" as const, text: "Hello." }] },
  usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
  stopReason: "stop" as const,
  model: "m",
};

describeCacheTier("createSqliteStore().answers", async () => {
  const folder = await testFolder();
  const store = await createSqliteStore({ directory: folder.path });
  const other = await createSqliteStore({ directory: folder.path });
  return {
    tier: store.answers,
    other: other.answers,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
});

test("createSqliteStore().answers takes what is no answer for unknown", async () => {
  await using folder = await testFolder();
  await using store = await createSqliteStore({ directory: folder.path });
  const expiresAt = Date.now() + 60_000;
  await store.answers.put({ tenant: "acme", key: "k", expiresAt, answer });
  for (const text of ["{", "[]", '{"type":"finished"}']) {
    using file = openFile(folder.path, "acme");
    file.prepare("UPDATE answers SET answer = ?").run(text);

    expect(await store.answers.get("acme", "k", Date.now())).toBeUndefined();
  }
});

test("createSqliteStore().answers drops what expired while others are put", async () => {
  await using folder = await testFolder();
  await using store = await createSqliteStore({ directory: folder.path });
  const expiresAt = Date.now() - 1;
  for (let n = 0; n < 5; n++) await store.answers.put({ tenant: "acme", key: `k${n}`, expiresAt, answer });

  using file = openFile(folder.path, "acme");
  expect(file.prepare("SELECT count(*) AS n FROM answers").get()).toEqual({ n: 0 });
});
