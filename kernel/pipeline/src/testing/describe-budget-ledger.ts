import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { addAmounts, noAmounts, subtractAmounts } from "../budget/amounts.ts";
import type { Amounts } from "../budget/amounts.ts";
import type { BudgetAccount, BudgetLedger, BudgetLimit } from "../budget/budget-ledger.ts";

/** A ledger under test; disposed of after each test. */
export interface BudgetLedgerFixture extends AsyncDisposable {
  readonly ledger: BudgetLedger;
}

/** 15 January 2026, 10:20:30 UTC. */
const at = Date.UTC(2026, 0, 15, 10, 20, 30);
const one: Amounts = { requests: 1, tokens: 100, costMicroUsd: 7 };

/**
 * Checks the contract of {@link BudgetLedger}; every adapter runs it in its own tests. `steps` bounds the random
 * interleavings, for adapters that wait for a disk.
 *
 * Needs vitest and fast-check, which are not dependencies of this package.
 */
export function describeBudgetLedger(
  name: string,
  create: () => Promise<BudgetLedgerFixture>,
  { steps = 2_000 }: { readonly steps?: number } = {},
): void {
  const account = (...limits: readonly BudgetLimit[]): readonly BudgetAccount[] => [
    { key: "tenant", limits },
  ];

  describe(`${name} keeps the contract of BudgetLedger`, () => {
    test("L1: grants what fits and refuses what does not, naming the limit", async () => {
      await using fixture = await create();
      const reserve = (id: string) =>
        fixture.ledger.reserve({
          tenant: "acme",
          id,
          accounts: account({ window: "minute", requests: 2, tokens: 1_000 }),
          amounts: one,
          at,
        });

      expect([await reserve("a"), await reserve("b")]).toEqual([undefined, undefined]);
      expect(await reserve("c")).toEqual({
        account: "tenant",
        window: "minute",
        metric: "requests",
        limit: 2,
        taken: 2,
      });
    });

    test("L1: charges no account when one of them has no room", async () => {
      await using fixture = await create();
      const { ledger } = fixture;
      const accounts: readonly BudgetAccount[] = [
        { key: "tenant", limits: [{ window: "day", tokens: 1_000 }] },
        { key: "principal/ada", limits: [{ window: "day", tokens: 50 }] },
      ];

      const refusal = await ledger.reserve({ tenant: "acme", id: "a", accounts, amounts: one, at });

      expect(refusal).toMatchObject({ account: "principal/ada", metric: "tokens" });
      expect(await ledger.taken({ tenant: "acme", account: "tenant", window: "day", at })).toEqual(noAmounts);
    });

    test("L1: a hundred callers at once get no more than there is", async () => {
      await using fixture = await create();
      const answers = await Promise.all(
        Array.from(
          { length: 100 },
          async (_, index) =>
            await fixture.ledger.reserve({
              tenant: "acme",
              id: `call-${index}`,
              accounts: account({ window: "day", costMicroUsd: 70 }),
              amounts: one,
              at,
            }),
        ),
      );

      expect(answers.filter((refusal) => refusal === undefined)).toHaveLength(10);
    });

    test("L2: settles once, to less or to more, in the window of the reservation", async () => {
      await using fixture = await create();
      const { ledger } = fixture;
      const accounts = account({ window: "minute", tokens: 1_000 }, { window: "month", tokens: 1_000 });
      const taken = (window: "minute" | "month") =>
        ledger.taken({ tenant: "acme", account: "tenant", window, at });
      await ledger.reserve({ tenant: "acme", id: "a", accounts, amounts: one, at });

      await ledger.settle("acme", "a", { requests: 1, tokens: 130, costMicroUsd: 9 });
      await ledger.settle("acme", "a", { requests: 1, tokens: 900, costMicroUsd: 90 });
      await ledger.settle("acme", "unknown", one);

      const used = { requests: 1, tokens: 130, costMicroUsd: 9 };
      expect([await taken("minute"), await taken("month")]).toEqual([used, used]);
    });

    test("L2: gives everything back when nothing was used", async () => {
      await using fixture = await create();
      const { ledger } = fixture;
      const accounts = account({ window: "ever", requests: 1 });
      await ledger.reserve({ tenant: "acme", id: "a", accounts, amounts: one, at });

      await ledger.settle("acme", "a", noAmounts);

      expect(await ledger.reserve({ tenant: "acme", id: "b", accounts, amounts: one, at })).toBeUndefined();
    });

    test("begins to count again in the next minute, day and month, and never for ever", async () => {
      await using fixture = await create();
      const { ledger } = fixture;
      const next = {
        minute: Date.UTC(2026, 0, 15, 10, 21),
        day: Date.UTC(2026, 0, 16),
        month: Date.UTC(2026, 1, 1),
        ever: Date.UTC(2030, 0, 1),
      };
      const granted: Record<string, readonly boolean[]> = {};
      for (const window of ["minute", "day", "month", "ever"] as const) {
        const reserve = async (time: number): Promise<boolean> => {
          const accounts = [{ key: `run/${window}`, limits: [{ window, requests: 1 }] }];
          const id = `${window} ${time}`;
          return (
            (await ledger.reserve({ tenant: "acme", id, accounts, amounts: one, at: time })) === undefined
          );
        };
        granted[window] = [await reserve(at), await reserve(next[window] - 1), await reserve(next[window])];
      }

      expect(granted).toEqual({
        minute: [true, false, true],
        day: [true, false, true],
        month: [true, false, true],
        ever: [true, false, false],
      });
    });

    test("a late settlement does not touch the next window", async () => {
      await using fixture = await create();
      const { ledger } = fixture;
      const accounts = account({ window: "minute", tokens: 1_000 });
      const later = at + 60_000;
      await ledger.reserve({ tenant: "acme", id: "a", accounts, amounts: one, at });
      await ledger.reserve({ tenant: "acme", id: "b", accounts, amounts: one, at: later });

      await ledger.settle("acme", "a", noAmounts);

      expect(await ledger.taken({ tenant: "acme", account: "tenant", window: "minute", at: later })).toEqual(
        one,
      );
    });

    test("L4: counts nothing of one tenant for another", async () => {
      await using fixture = await create();
      const { ledger } = fixture;
      const accounts = account({ window: "day", requests: 1 });
      await ledger.reserve({ tenant: "acme", id: "a", accounts, amounts: one, at });

      await ledger.settle("other", "a", noAmounts);

      expect(await ledger.reserve({ tenant: "other", id: "a", accounts, amounts: one, at })).toBeUndefined();
      expect(await ledger.taken({ tenant: "acme", account: "tenant", window: "day", at })).toEqual(one);
    });

    test("forgets an account", async () => {
      await using fixture = await create();
      const { ledger } = fixture;
      const accounts = [{ key: "run/1", limits: [{ window: "ever", requests: 1 } as const] }];
      await ledger.reserve({ tenant: "acme", id: "a", accounts, amounts: one, at });

      await ledger.forget("acme", "run/1");
      await ledger.settle("acme", "a", one);

      expect(await ledger.taken({ tenant: "acme", account: "run/1", window: "ever", at })).toEqual(noAmounts);
    });

    test("L1, L2: never exceeds a limit and never loses count, whatever happens in which order", async () => {
      const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 200 }), async (plan) => {
        await using fixture = await create();
        for (const { sum, taken } of await play(fixture.ledger, plan)) {
          expect(taken).toEqual(sum);
          expect(taken.requests).toBeLessThanOrEqual(12);
          expect(taken.tokens).toBeLessThanOrEqual(100);
          expect(taken.costMicroUsd).toBeLessThanOrEqual(90);
        }
      });
      await fc.assert(property, { numRuns: Math.ceil(steps / 100) });
    });
  });
}

interface Step {
  readonly account: number;
  readonly amounts: Amounts;
  /** How many of the open reservations are settled after the step, to how many hundredths. */
  readonly settle: number;
  readonly hundredths: number;
}

const count = fc.nat(20);
const step: fc.Arbitrary<Step> = fc.record({
  account: fc.nat(2),
  amounts: fc.record({ requests: fc.constant(1), tokens: count, costMicroUsd: count }),
  settle: fc.nat(2),
  hundredths: fc.nat(100),
});

const limit: BudgetLimit = { window: "day", requests: 12, tokens: 100, costMicroUsd: 90 };
/** A principal below its tenant, and two runs below the principal. */
const chains: readonly (readonly string[])[] = [["tenant"], ["tenant", "run/1"], ["tenant", "run/2"]];

/** Plays steps, several at once, and answers every counter beside a sum made by hand. */
async function play(
  ledger: BudgetLedger,
  plan: readonly Step[],
): Promise<readonly { readonly sum: Amounts; readonly taken: Amounts }[]> {
  const expected = new Map<string, Amounts>();
  const open: { readonly id: string; readonly keys: readonly string[]; readonly amounts: Amounts }[] = [];
  const change = (keys: readonly string[], by: Amounts): void => {
    for (const key of keys) expected.set(key, addAmounts(expected.get(key) ?? noAmounts, by));
  };
  const work: Promise<void>[] = [];
  for (const [index, { account, amounts, settle, hundredths }] of plan.entries()) {
    const keys = chains[account] ?? [];
    const id = String(index);
    const accounts = keys.map((key) => ({ key, limits: [limit] }));
    const turn = async (): Promise<void> => {
      if ((await ledger.reserve({ tenant: "acme", id, accounts, amounts, at })) === undefined) {
        change(keys, amounts);
        open.push({ id, keys, amounts });
      }
      for (let n = 0; n < settle; n++) {
        const held = open.shift();
        if (held === undefined) break;
        const used = part(held.amounts, hundredths);
        change(held.keys, subtractAmounts(used, held.amounts));
        await ledger.settle("acme", held.id, used);
      }
    };
    work.push(turn());
    if (index % 7 === 0) await Promise.all(work.splice(0));
  }
  await Promise.all(work);
  return await Promise.all(
    [...expected].map(async ([account, sum]) => ({
      sum,
      taken: await ledger.taken({ tenant: "acme", account, window: "day", at }),
    })),
  );
}

function part({ requests, tokens, costMicroUsd }: Amounts, hundredths: number): Amounts {
  const of = (amount: number): number => Math.floor((amount * hundredths) / 100);
  return { requests: of(requests), tokens: of(tokens), costMicroUsd: of(costMicroUsd) };
}
