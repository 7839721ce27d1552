import { expect, test } from "vitest";

import { describeBudgetLedger } from "../testing/describe-budget-ledger.ts";
import { noAmounts } from "./amounts.ts";
import type { BudgetLimit } from "./budget-ledger.ts";
import { createMemoryBudgetLedger } from "./memory-ledger.ts";

describeBudgetLedger(
  "createMemoryBudgetLedger()",
  async () => ({ ledger: createMemoryBudgetLedger(), async [Symbol.asyncDispose]() {} }),
  { steps: 20_000 },
);

test("createMemoryBudgetLedger() exceeds no limit in a million interleaved reservations and settlements", async () => {
  const ledger = createMemoryBudgetLedger();
  const at = Date.UTC(2026, 0, 1);
  const limit = { window: "day", requests: 500, tokens: 5_000, costMicroUsd: 9_000 } as const;
  const accounts = [
    { key: "tenant", limits: [limit] },
    { key: "run/1", limits: [{ window: "ever", tokens: 4_000 } as const] },
  ];
  const open: { readonly id: string; readonly tokens: number }[] = [];
  let [seed, granted, refused, worst] = [1, 0, 0, 0];
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };

  for (let round = 0; round < 1_000; round++) {
    // A thousand at a time are under way together, and end in any order.
    await Promise.all(
      Array.from({ length: 1_000 }, async (_, n) => {
        const tokens = random(60);
        const id = `${round}/${n}`;
        if (random(2) === 0) {
          const amounts = { requests: 1, tokens, costMicroUsd: tokens * 2 };
          const refusal = await ledger.reserve({ tenant: "acme", id, accounts, amounts, at });
          if (refusal === undefined) open.push({ id, tokens });
          if (refusal === undefined) granted++;
          else refused++;
        } else {
          const [held] = open.splice(random(open.length), 1);
          // Most give all back, so that there is room again and the limits are met from both sides.
          const used = random(50) === 0 && held !== undefined ? Math.min(1, held.tokens) : 0;
          await ledger.settle("acme", held?.id ?? "none", { ...noAmounts, tokens: used });
        }
      }),
    );
    const day = await ledger.taken({ tenant: "acme", account: "tenant", window: "day", at });
    const run = await ledger.taken({ tenant: "acme", account: "run/1", window: "ever", at });
    worst = Math.max(
      worst,
      day.requests / 500,
      day.tokens / 5_000,
      day.costMicroUsd / 9_000,
      run.tokens / 4_000,
    );
  }

  expect(worst).toBeLessThanOrEqual(1);
  expect(worst).toBeGreaterThan(0.9);
  expect(granted).toBeGreaterThan(10_000);
  expect(refused).toBeGreaterThan(10_000);
});

test("createMemoryBudgetLedger() remembers nobody whose windows are over, and everybody whose are not", async () => {
  const ledger = createMemoryBudgetLedger();
  const start = Date.UTC(2026, 0, 1);
  const minute = { window: "minute", requests: 1 } as const;
  const amounts = { ...noAmounts, requests: 1 };
  const reserve = async (key: string, at: number, limits: readonly BudgetLimit[] = [minute]) =>
    await ledger.reserve({ tenant: "acme", id: key, accounts: [{ key, limits }], amounts, at });

  await reserve("run/kept", start, [{ window: "ever", requests: 1 }]);
  for (let n = 0; n < 50_000; n++) await reserve(`principal/${n}`, start + n * 100);

  expect(ledger.accounts("acme")).toBeLessThan(3_000);
  expect(await reserve("run/kept", start, [{ window: "ever", requests: 1 }])).toMatchObject({ taken: 1 });
  expect(await reserve("principal/49999", start + 49_999 * 100)).toMatchObject({ taken: 1 });
});
