import { describe, expect, test } from "vitest";

import { Inbox } from "./inbox.ts";
import { eventOf } from "./test-store.test.support.ts";

const own = (seq: number, body = ""): { readonly seq: number } & ReturnType<typeof eventOf> => ({
  seq,
  ...eventOf(body),
});

describe("Inbox", () => {
  test("hands over what follows, and not what was read before", () => {
    const inbox = new Inbox();
    inbox.put([own(4), own(5)]);
    inbox.put([own(6)]);
    expect(inbox.take(5)?.map(({ seq }) => seq)).toEqual([5, 6]);
    expect(inbox.take(7)).toEqual([]);
  });

  test("asks to read when another process's event lies between two of ours", () => {
    const inbox = new Inbox();
    inbox.put([own(6)]);
    inbox.put([own(8)]);
    expect(inbox.take(6)).toBeUndefined();
  });

  test("asks to read when there may be others, and when too much was held", () => {
    const inbox = new Inbox();
    inbox.put([own(1)]);
    inbox.lookAgain();
    inbox.put([own(2)]);
    expect(inbox.take(1)).toBeUndefined();
    inbox.put([own(3, "x".repeat(300_000))]);
    inbox.put([own(4)]);
    expect(inbox.take(3)).toBeUndefined();
    inbox.put(Array.from({ length: 300 }, (_, index) => own(5 + index)));
    expect(inbox.take(5)).toBeUndefined();
    inbox.put([own(305)]);
    expect(inbox.take(305)).toHaveLength(1);
  });
});
