import { describe, expect, test } from "vitest";

import { createMemoryLeases } from "../memory/memory-leases.ts";
import { Owners } from "./owners.ts";
import { createLosableLeases } from "./store.test.support.ts";

describe("Owners", () => {
  test("have one name in a tenant, however many ask at once, and nobody else has it", async () => {
    const leases = createMemoryLeases();
    const owners = new Owners(leases, () => undefined);
    expect(owners.nameIn("acme")).toBeUndefined();

    const names = await Promise.all([owners.claim("acme"), owners.claim("acme"), owners.claim("other")]);
    names.push(await owners.claim("acme"));

    expect(new Set(names).size).toBe(2);
    expect(owners.nameIn("acme")).toBe(names[0]);
    expect(await new Owners(leases, () => undefined).claim("acme")).not.toBe(names[0]);
  });

  test("see of each other who is gone", async () => {
    const leases = createMemoryLeases();
    const [one, other] = [new Owners(leases, () => undefined), new Owners(leases, () => undefined)];
    const name = await one.claim("acme");

    expect([await one.isGone("acme", name), await other.isGone("acme", name)]).toEqual([false, false]);
    await one.release((tenant) => tenant === "acme");
    expect(await other.isGone("acme", name)).toBe(false);
    await one.release(() => false);
    // Two who look at once must not take each other for the owner.
    expect(await Promise.all([other.isGone("acme", name), other.isGone("acme", name)])).toEqual([true, true]);
    expect([one.nameIn("acme"), await other.isGone("acme", "never-used")]).toEqual([undefined, true]);
  });

  test("O1. never use a name again that was lost, and tell of the loss", async () => {
    const leases = createLosableLeases(createMemoryLeases());
    const lost: string[] = [];
    const owners = new Owners(leases, (tenant) => lost.push(tenant));
    const name = await owners.claim("acme");

    leases.loseAll();

    expect([lost, owners.nameIn("acme")]).toEqual([["acme"], undefined]);
    expect(await owners.claim("acme")).not.toBe(name);
    expect(await owners.isGone("acme", name)).toBe(true);
  });
});
