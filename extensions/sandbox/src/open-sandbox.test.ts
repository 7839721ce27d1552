import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { isTauError } from "@tau/core";
import type { SandboxDriver } from "@tau/tools";
import { describe, expect, it } from "vitest";

import { createBubblewrapDriver } from "./bubblewrap-driver.ts";
import { createLandlockDriver } from "./landlock/landlock-driver.ts";
import { openSandbox } from "./open-sandbox.ts";

const profile = { access: "read-only", network: false, workspace: process.cwd() } as const;
const never = new AbortController().signal;
const broken = createBubblewrapDriver({ bwrapPath: "/no/such/bwrap" });

async function driverOf(...drivers: readonly SandboxDriver[]): Promise<string> {
  const { driver, environment } = await openSandbox(drivers, profile, never);
  const { exitCode } = await environment.exec({ argv: ["true"], timeoutMs: 20_000 }, never);
  await environment[Symbol.asyncDispose]();
  return `${driver} ${environment.info.kind} ${exitCode}`;
}

describe("openSandbox()", () => {
  it("takes the first driver that holds", async () => {
    expect(await driverOf(createBubblewrapDriver(), createLandlockDriver())).toBe("bubblewrap jail 0");
    expect(await driverOf(broken, createLandlockDriver())).toBe("landlock landlock 0");
  });

  it("says what each keeps", async () => {
    expect(await createBubblewrapDriver().probe(profile, never)).toMatchObject({
      usable: true,
      unenforced: [expect.stringContaining("20 times a second")],
    });
    const report = await createLandlockDriver().probe(profile, never);
    expect(report.usable && report.unenforced.length > 3).toBe(true);
  });

  it("lets Landlock stand in for a jail only where it keeps the profile", async () => {
    const workspace = await mkdtemp("/var/tmp/tau-stand-in-test-");
    const standIn = createLandlockDriver({ standsIn: true });
    const writes = { access: "workspace-write", network: false, workspace } as const;
    expect(await standIn.probe(writes, never)).toMatchObject({ usable: true });
    expect(await standIn.probe({ ...writes, network: { hosts: ["example.org"] } }, never)).toMatchObject({
      usable: false,
      reason: "It cannot keep commands to the hosts that are named.",
    });
    await mkdir(join(workspace, "app"));
    await writeFile(join(workspace, "app/.env"), "TOKEN=x");
    expect(await standIn.probe(writes, never)).toMatchObject({
      usable: false,
      reason: "It cannot hide app/.env from commands that may write the workspace.",
    });
    expect(await standIn.probe({ ...writes, access: "read-only" }, never)).toMatchObject({ usable: true });
    expect(await createLandlockDriver().probe(writes, never)).toMatchObject({ usable: true });
    await rm(workspace, { recursive: true });
  });

  it("runs nothing when none holds, and says why and what to do", async () => {
    const escaping: SandboxDriver = {
      name: "leaky",
      probe: () => Promise.resolve({ usable: false, reason: "Its self-test got out.", remedy: "Repair it." }),
      open: () => Promise.reject(new TypeError("It must not be opened.")),
    };
    const refused = await openSandbox([broken, escaping], profile, never).catch((error: unknown) => error);
    expect(isTauError(refused) && refused.code).toBe("sandbox.unavailable");
    expect(String(refused)).toMatch(
      /bubblewrap: .*apt-get install bubblewrap[^]*leaky: Its self-test got out\. Repair it\./u,
    );
  });
});
