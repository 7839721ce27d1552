import assert from "node:assert/strict";
import { test } from "node:test";

import { totalOf } from "../src/cart.js";

const items = [
  { name: "tea", cents: 450, quantity: 2 },
  { name: "cup", cents: 1200, quantity: 1 },
];

test("adds up prices and quantities", () => {
  assert.equal(totalOf(items), 2100);
});

test("takes a discount in percent", () => {
  assert.equal(totalOf(items, { discountPercent: 10 }), 1890);
});

test("never goes below zero", () => {
  assert.equal(totalOf(items, { couponCents: 5000 }), 0);
});
