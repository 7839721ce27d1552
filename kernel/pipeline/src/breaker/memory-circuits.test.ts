import { describe, expect, test } from "vitest";

import { describeCircuits } from "../testing/describe-circuits.ts";
import { createMemoryCircuits } from "./memory-circuits.ts";

describeCircuits("createMemoryCircuits()", (policy) => {
  let nowMs = 5_000_000;
  return {
    circuits: createMemoryCircuits({ ...policy, now: () => nowMs }),
    advance(ms) {
      nowMs += ms;
    },
  };
});

describe("createMemoryCircuits()", () => {
  test("opens by default at half of twenty failures, for thirty seconds, with three probes", async () => {
    let nowMs = 0;
    const circuits = createMemoryCircuits({ now: () => nowMs });
    const call = async (outcome: "success" | "failure"): Promise<void> => {
      const entered = await circuits.enter("a");
      if ("circuit" in entered) await circuits.leave(entered, outcome);
    };
    for (let index = 0; index < 19; index++) await call(index < 10 ? "success" : "failure");
    expect(circuits.stateOf("a").state).toBe("closed");
    await call("failure");
    expect(circuits.stateOf("a").state).toBe("open");
    expect(await circuits.enter("a")).toEqual({ retryAfterMs: 30_000 });
    nowMs = 30_000;
    for (let index = 0; index < 5; index++) await circuits.enter("a");

    expect(circuits.stateOf("a")).toEqual({ state: "half_open", probesHeld: 3 });
  });

  test("tells every change", async () => {
    const changes: unknown[] = [];
    const circuits = createMemoryCircuits({
      minRequests: 1,
      openMs: 0,
      probes: 1,
      onChange: (circuit, state) => changes.push([circuit, state]),
    });
    for (const outcome of ["failure", "success"] as const) {
      const entered = await circuits.enter("a");
      if ("circuit" in entered) await circuits.leave(entered, outcome);
    }

    expect(changes).toEqual([
      ["a", "open"],
      ["a", "half_open"],
      ["a", "closed"],
    ]);
  });

  test("keeps a bounded number of circuits, the used ones", async () => {
    const circuits = createMemoryCircuits({ minRequests: 1 });
    const fail = async (name: string): Promise<void> => {
      const entered = await circuits.enter(name);
      if ("circuit" in entered) await circuits.leave(entered, "failure");
    };
    await fail("first");
    await fail("second");
    for (let index = 0; index < 9_999; index++) {
      await circuits.enter("second");
      await circuits.enter(`other ${index}`);
    }

    expect(circuits.stateOf("first").state).toBe("closed");
    expect(circuits.stateOf("second").state).toBe("open");
  });
});
