import { expect, test } from "vitest";

import { grown } from "./grown.ts";

test("grown() leaves a short list as it was, and adds to a long one in place", () => {
  let list: (number | number[])[] = [];
  const lists = [list];
  for (let item = 1; item <= 20; item++) lists.push((list = grown(list, item === 3 ? [item] : item)));

  expect(list).toEqual([1, 2, [3], ...Array.from({ length: 17 }, (_, index) => index + 4)]);
  expect(lists.slice(0, 8).map(({ length }) => length)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(lists.slice(8).every((one) => one === list)).toBe(true);
});
