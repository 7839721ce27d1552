import { describeBudgetLedger } from "@tau/pipeline/testing";
import { expect, test } from "vitest";

import { createSqliteStore } from "./create-sqlite-store.ts";
import { testFolder } from "./test-store.test.support.ts";

const at = Date.UTC(2026, 0, 15);
const one = { requests: 1, tokens: 100, costMicroUsd: 7 };

describeBudgetLedger(
  "createSqliteStore().budget",
  async () => {
    const folder = await testFolder();
    const store = await createSqliteStore({ directory: folder.path });
    return {
      ledger: store.budget,
      async [Symbol.asyncDispose]() {
        await store[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      },
    };
  },
  { steps: 600 },
);

test("createSqliteStore().budget counts what several processes set aside together", async () => {
  await using folder = await testFolder();
  await using first = await createSqliteStore({ directory: folder.path });
  await using second = await createSqliteStore({ directory: folder.path });
  const accounts = [{ key: "tenant", limits: [{ window: "day", requests: 25 } as const] }];

  const refusals = await Promise.all(
    Array.from(
      { length: 60 },
      async (_, n) =>
        await (n % 2 === 0 ? first : second).budget.reserve({
          tenant: "acme",
          id: `call-${n}`,
          accounts,
          amounts: one,
          at,
        }),
    ),
  );

  expect(refusals.filter((refusal) => refusal === undefined)).toHaveLength(25);
});

test("createSqliteStore().budget L3: keeps counting what a process that ended had set aside", async () => {
  await using folder = await testFolder();
  const accounts = [{ key: "tenant", limits: [{ window: "day", tokens: 150 } as const] }];
  const ended = await createSqliteStore({ directory: folder.path });
  await ended.budget.reserve({ tenant: "acme", id: "a", accounts, amounts: one, at });
  await ended[Symbol.asyncDispose]();

  await using store = await createSqliteStore({ directory: folder.path });

  expect(await store.budget.reserve({ tenant: "acme", id: "b", accounts, amounts: one, at })).toMatchObject({
    metric: "tokens",
    taken: 100,
  });
});

test("createSqliteStore().budget forgets windows and reservations that nobody can ask for any more", async () => {
  await using folder = await testFolder();
  await using store = await createSqliteStore({ directory: folder.path });
  const accounts = [{ key: "tenant", limits: [{ window: "minute", requests: 9 } as const] }];
  const reserve = (id: string, time: number) =>
    store.budget.reserve({ tenant: "acme", id, accounts, amounts: one, at: time });
  await reserve("old", at);
  await reserve("new", at + 100 * 86_400_000);
  await store.budget.settle("acme", "old", one);

  const taken = { tenant: "acme", account: "tenant", window: "minute", at } as const;
  expect(await store.budget.taken(taken)).toEqual({ requests: 0, tokens: 0, costMicroUsd: 0 });
});
