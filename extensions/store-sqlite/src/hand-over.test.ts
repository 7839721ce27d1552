import { once } from "node:events";
import { createInterface } from "node:readline";

import { createEmbeddedEngine } from "@tau/runtime";
import type { Engine, Lease, Leases } from "@tau/runtime";
import { describe, expect, test } from "vitest";

import { createSqliteStore } from "./create-sqlite-store.ts";
import { startScript, testFolder } from "./test-store.test.support.ts";

const key = { tenant: "acme", key: "session-1" };
const never = new AbortController().signal;

interface Child extends Disposable {
  readonly lines: AsyncIterator<string>;
  kill(signal: NodeJS.Signals): void;
  readonly gone: Promise<unknown>;
}

/** A process that holds, or held, the key. */
function startChild(directory: string, program: string): Child {
  const child = startScript(new URL("./engine-child.test.support.ts", import.meta.url), directory, program);
  return {
    lines: createInterface(child.stdout)[Symbol.asyncIterator](),
    kill: (signal) => child.kill(signal),
    gone: once(child, "exit"),
    [Symbol.dispose]: () => child.kill("SIGKILL"),
  };
}

/** Tells when the leases refused something three times. */
function createRefusals(leases: Leases): { readonly leases: Leases; readonly often: Promise<void> } {
  const { promise: often, resolve } = Promise.withResolvers<void>();
  let count = 0;
  const acquire = async (tenant: string, name: string): Promise<Lease | undefined> => {
    const lease = await leases.acquire(tenant, name);
    if (lease === undefined && ++count === 3) resolve();
    return lease;
  };
  return { leases: { acquire }, often };
}

async function startEngine(store: Parameters<typeof createEmbeddedEngine>[0]): Promise<Engine> {
  const engine = createEmbeddedEngine({ ...store, takeOverEveryMs: 20 });
  engine.register("greet", async () => "parent");
  engine.register("hang", async () => "parent");
  await engine.start();
  return engine;
}

describe("a session that another process ran", () => {
  test("is run at once by whoever submits, while the other process lives and is idle", async () => {
    await using folder = await testFolder();
    using child = startChild(folder.path, "greet");
    expect(await child.lines.next()).toMatchObject({ value: "done" });
    await using store = await createSqliteStore({ directory: folder.path });
    // It need not even look again.
    await using engine = createEmbeddedEngine({ ...store, takeOverEveryMs: 86_400_000 });
    engine.register("greet", async () => "parent");
    await engine.start();

    await engine.submit("greet", { ...key, runId: "run-2", input: null });

    expect(await engine.result({ ...key, runId: "run-2" }, never)).toBe("parent");
    expect(await engine.result({ ...key, runId: "run-1" }, never)).toBe("child");
  });

  test("is taken over when that process is killed in the middle of a run, and not before", async () => {
    await using folder = await testFolder();
    using child = startChild(folder.path, "hang");
    expect(await child.lines.next()).toMatchObject({ value: "begun" });
    await using store = await createSqliteStore({ directory: folder.path });
    const refused = createRefusals(store.leases);
    await using engine = await startEngine({ ...store, leases: refused.leases });
    await engine.submit("greet", { ...key, runId: "run-2", input: null });
    const results = ["run-1", "run-2"].map((runId) => engine.result({ ...key, runId }, never));
    await refused.often;

    child.kill("SIGKILL");
    await child.gone;

    expect(await Promise.all(results)).toEqual(["parent", "parent"]);
  });

  test("is taken over from a process that was stopped for too long, which writes nothing any more", async () => {
    await using folder = await testFolder();
    using child = startChild(folder.path, "hang");
    expect(await child.lines.next()).toMatchObject({ value: "begun" });
    await using store = await createSqliteStore({ directory: folder.path });
    await using engine = await startEngine(store);

    child.kill("SIGSTOP");
    expect(await engine.result({ ...key, runId: "run-1" }, never)).toBe("parent");
    child.kill("SIGCONT");

    expect(await child.lines.next()).toMatchObject({ value: "stopped engine.lease_lost" });
    expect(await engine.result({ ...key, runId: "run-1" }, never)).toBe("parent");
  });
});
