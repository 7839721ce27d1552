import { describe, expect, test } from "vitest";

import { RecentEvents } from "./recent-events.ts";
import { eventOf } from "./test-store.test.support.ts";

const id = { tenant: "acme", stream: "session/1" };

function bodiesFrom(recent: RecentEvents, next: number, of: typeof id = id): readonly string[] | undefined {
  return recent.from(of, next)?.map(({ seq, body }) => `${seq} ${body}`);
}

describe("RecentEvents", () => {
  test("gives what was appended last, and knows what it does not know", () => {
    const recent = new RecentEvents();
    recent.keep(id, 4, [eventOf("five"), eventOf("six")]);
    recent.keep(id, 6, [eventOf("seven")]);

    expect(bodiesFrom(recent, 5)).toEqual(["5 five", "6 six", "7 seven"]);
    expect(bodiesFrom(recent, 7)).toEqual(["7 seven"]);
    expect(bodiesFrom(recent, 8)).toEqual([]);
    expect([bodiesFrom(recent, 4), bodiesFrom(recent, 9)]).toEqual([undefined, undefined]);
    expect(bodiesFrom(recent, 5, { ...id, tenant: "other" })).toBeUndefined();
  });

  test("begins anew where somebody else wrote in between, and when it was told to forget", () => {
    const recent = new RecentEvents();
    recent.keep(id, 0, [eventOf("one")]);
    recent.keep(id, 2, [eventOf("three")]);
    expect([bodiesFrom(recent, 1), bodiesFrom(recent, 3)]).toEqual([undefined, ["3 three"]]);

    recent.forget(id);
    expect(bodiesFrom(recent, 3)).toBeUndefined();
    recent.keep(id, 3, [eventOf("four")]);
    recent.forgetAll("acme");
    expect(bodiesFrom(recent, 4)).toBeUndefined();
  });

  test("holds no more than 1,000 streams, 4 Mi characters, and 64 events of a stream", () => {
    const recent = new RecentEvents();
    const streamOf = (index: number): typeof id => ({ ...id, stream: `session/${index}` });
    for (let index = 0; index < 1_200; index++) recent.keep(streamOf(index), 0, [eventOf("x")]);
    const kept = Array.from({ length: 1_200 }, (_, index) => recent.from(streamOf(index), 1)).filter(Boolean);
    expect(kept).toHaveLength(1_000);

    for (let index = 0; index < 10; index++)
      recent.keep(streamOf(index), 1, [eventOf("x".repeat(1_000_000))]);
    const large = Array.from({ length: 10 }, (_, index) => recent.from(streamOf(index), 2)).filter(Boolean);
    expect(large).toHaveLength(4);

    for (let version = 0; version < 100; version++) recent.keep(id, version, [eventOf("x")]);
    expect(recent.from(id, 65)).toHaveLength(36);
    expect(recent.from(id, 64)).toBeUndefined();
  });
});
