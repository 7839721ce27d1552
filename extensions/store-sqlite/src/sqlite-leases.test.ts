import { once } from "node:events";
import { createInterface } from "node:readline";

import { describe, expect, test } from "vitest";

import { createSqliteStore } from "./create-sqlite-store.ts";
import { ownerName, ownerState } from "@tau/memory/process-owner";
import { openFile, startScript, testFolder } from "./test-store.test.support.ts";

const up = (): number => Math.floor(Number(process.hrtime.bigint()) / 1e6);
const ttlMs = 10_000;
const hour = 3_600_000;

/** This process's name with one part changed: 0 the boot, 1 the namespace, 2 the process id, 3 its start. */
function ownerWith(part: number, text: string): string {
  return ownerName("other store")
    .split("/")
    .map((now, index) => (index === part ? text : now))
    .join("/");
}

describe("acquire", () => {
  test("takes over at once what a killed process held, and not before", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    const child = startScript(new URL("./lease-child.test.support.ts", import.meta.url), folder.path);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect(await lines.next()).toMatchObject({ value: "held" });
    expect(await store.leases.acquire("acme", "session/1")).toBeUndefined();
    child.kill("SIGKILL");
    await once(child, "exit");
    await using lease = await store.leases.acquire("acme", "session/1");
    expect(lease?.lost.aborted).toBe(false);
  });

  const elsewhere = ownerWith(0, "another boot");
  const alive = ownerName("other store");
  test.each([
    ["lives", alive, 0, 0, true],
    ["lives, although somebody set the clock ahead", alive, -hour, -1_000, true],
    ["lives, although somebody set the clock back", alive, hour, -1_000, true],
    ["lives, but was silent for too long", alive, -hour, -ttlMs - 1, false],
    ["is another process with the same id", ownerWith(3, "1"), 0, 0, false],
    ["ended", ownerWith(2, "4194305"), 0, 0, false],
    ["runs elsewhere and is in time", elsewhere, -ttlMs + 5_000, -hour, true],
    ["runs in another container and is in time", ownerWith(1, "pid:[1]"), -ttlMs + 5_000, -hour, true],
    ["ran elsewhere and is too late", elsewhere, -ttlMs - 1, 0, false],
    ["ran elsewhere, before somebody set the clock back", elsewhere, hour, 0, false],
    ["has a name that says nothing", "////x", -1_000, -hour, true],
    ["has a name that says nothing, and is too late", "////x", -ttlMs - 1, 0, false],
  ])("sees whether the holder counts that %s", async (_, owner, renewedAt, renewedUp, held) => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path, leaseTtlMs: 600_000 });
    await (await store.leases.acquire("acme", "another"))?.[Symbol.asyncDispose]();
    using file = openFile(folder.path, "acme");
    file
      .prepare("INSERT INTO leases VALUES ('session/1', ?, ?, ?, ?)")
      .run(owner, ttlMs, Date.now() + renewedAt, up() + renewedUp);
    expect((await store.leases.acquire("acme", "session/1")) === undefined).toBe(held);
  });
});

describe("a lease", () => {
  test("is renewed, and lost when somebody else has it", async () => {
    await using folder = await testFolder();
    // Long enough for a machine that is busy with other things between two renewals.
    await using store = await createSqliteStore({ directory: folder.path, leaseTtlMs: 3_000 });
    await using kept = await store.leases.acquire("acme", "kept");
    await using taken = await store.leases.acquire("acme", "taken");
    using file = openFile(folder.path, "acme");
    file.exec("UPDATE leases SET owner = 'somebody else' WHERE key = 'taken'");
    await once(taken?.lost ?? new AbortController().signal, "abort");
    expect(taken?.lost.reason).toMatchObject({ code: "lease.lost" });
    expect(kept?.lost.aborted).toBe(false);
  });

  test("is lost when it cannot be renewed in time, also while the disk hangs", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({
      directory: folder.path,
      leaseTtlMs: 60,
      lockTimeoutMs: 1_500,
    });
    await using lease = await store.leases.acquire("acme", "session/1");
    using file = openFile(folder.path, "acme");
    file.exec("BEGIN IMMEDIATE");
    await once(lease?.lost ?? new AbortController().signal, "abort");
    expect(lease?.lost.reason).toMatchObject({ code: "lease.lost" });
    file.exec("ROLLBACK");
  });
});

test("ownerState() tells the living from what it cannot see", () => {
  expect(ownerState(ownerName("x"))).toBe(process.platform === "linux" ? "alive" : "unknown");
  expect(ownerState("")).toBe("unknown");
  expect(ownerState(ownerWith(0, "another boot"))).toBe("unknown");
});
