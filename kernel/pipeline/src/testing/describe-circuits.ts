import { describe, expect, test } from "vitest";

import type {
  CircuitOutcome,
  CircuitPermit,
  CircuitPolicy,
  CircuitRefusal,
  Circuits,
} from "../breaker/circuits.ts";

/** Circuits under test and their clock; disposed of after each test. */
export interface CircuitsFixture extends Partial<AsyncDisposable> {
  readonly circuits: Circuits;
  /** Lets time pass. */
  readonly advance: (ms: number) => void | Promise<void>;
}

const policy: CircuitPolicy = {
  failureRatio: 0.5,
  minRequests: 4,
  windowMs: 60_000,
  openMs: 30_000,
  probes: 2,
  probeTimeoutMs: 100_000,
};

/**
 * Checks the contract of {@link Circuits}; `create` makes fresh ones of the given policy.
 *
 * Needs vitest, which is not a dependency of this package.
 */
export function describeCircuits(
  name: string,
  create: (policy: CircuitPolicy) => CircuitsFixture | Promise<CircuitsFixture>,
): void {
  describe(`${name} keeps the contract of Circuits`, () => {
    test("stays closed below the least number of calls", async () => {
      await using bench = await openBench(create);
      await bench.calls("failure", "failure", "failure");

      expect(await bench.isOpen()).toBe(false);
    });

    test("opens at the ratio, and says when to ask again", async () => {
      await using bench = await openBench(create);
      await bench.calls("success", "success", "failure", "failure");

      expect(await bench.circuits.enter("a")).toEqual({ retryAfterMs: 30_000 });
    });

    test("stays closed below the ratio, and counts no cancelled calls", async () => {
      await using bench = await openBench(create);
      await bench.calls("success", "success", "success", "ignored", "ignored", "failure", "failure");

      expect(await bench.isOpen()).toBe(false);
    });

    test("forgets what lies outside of the window", async () => {
      await using bench = await openBench(create);
      await bench.calls("failure", "failure", "failure");
      await bench.advance(80_000);
      await bench.calls("failure");

      expect(await bench.isOpen()).toBe(false);
    });

    test("keeps circuits apart", async () => {
      await using bench = await openBench(create);
      await bench.open();

      expect(await bench.circuits.enter("b")).toMatchObject({ isProbe: false });
    });

    test("lets so many probes through and no more once it was open long enough", async () => {
      await using bench = await openBench(create);
      await bench.open();
      await bench.advance(30_000);

      expect(await bench.circuits.enter("a")).toMatchObject({ isProbe: true });
      expect(await bench.circuits.enter("a")).toMatchObject({ isProbe: true });
      expect(await bench.isOpen()).toBe(true);
    });

    test("closes after enough successes of probes", async () => {
      await using bench = await openBench(create);
      await bench.open();
      await bench.advance(30_000);
      await bench.calls("success", "success");

      expect(await bench.circuits.enter("a")).toMatchObject({ isProbe: false });
    });

    test("opens again when a probe fails, for the whole time", async () => {
      await using bench = await openBench(create);
      await bench.open();
      await bench.advance(30_000);
      await bench.calls("success", "failure");
      await bench.advance(29_000);

      expect(await bench.circuits.enter("a")).toEqual({ retryAfterMs: 1000 });
    });

    test("gives an ignored probe to the next caller", async () => {
      await using bench = await openBench(create);
      await bench.open();
      await bench.advance(30_000);
      await bench.calls("ignored", "ignored", "ignored", "success", "success");

      expect(await bench.circuits.enter("a")).toMatchObject({ isProbe: false });
    });

    test("gives a probe up whose owner never came back", async () => {
      await using bench = await openBench(create);
      await bench.open();
      await bench.advance(30_000);
      await bench.permit();
      await bench.permit();
      await bench.advance(100_000);

      expect(await bench.circuits.enter("a")).toMatchObject({ isProbe: true });
    });

    test("does not listen to calls that began before its last change", async () => {
      await using bench = await openBench(create);
      const late = await bench.permit();
      await bench.open();
      await bench.advance(30_000);
      await bench.permit();
      await bench.circuits.leave(late, "failure");

      expect(await bench.circuits.enter("a")).toMatchObject({ isProbe: true });
    });
  });
}

async function openBench(
  create: (policy: CircuitPolicy) => CircuitsFixture | Promise<CircuitsFixture>,
): Promise<CircuitBench> {
  return new CircuitBench(await create(policy));
}

class CircuitBench implements AsyncDisposable {
  readonly #fixture: CircuitsFixture;

  constructor(fixture: CircuitsFixture) {
    this.#fixture = fixture;
  }

  get circuits(): Circuits {
    return this.#fixture.circuits;
  }

  async advance(ms: number): Promise<void> {
    await this.#fixture.advance(ms);
  }

  /** Makes calls one after the other. */
  async calls(...outcomes: readonly CircuitOutcome[]): Promise<void> {
    for (const outcome of outcomes) await this.circuits.leave(await this.permit(), outcome);
  }

  async open(): Promise<void> {
    await this.calls("failure", "failure", "failure", "failure");
  }

  async permit(): Promise<CircuitPermit> {
    const entered: CircuitPermit | CircuitRefusal = await this.circuits.enter("a");
    if ("retryAfterMs" in entered) throw new Error("The circuit refuses.");
    return entered;
  }

  async isOpen(): Promise<boolean> {
    return "retryAfterMs" in (await this.circuits.enter("a"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#fixture[Symbol.asyncDispose]?.();
  }
}
