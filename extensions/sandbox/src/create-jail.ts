import { mkdir } from "node:fs/promises";

import { TauError } from "@tau/core";
import type { OwnedEnvironment } from "@tau/tools";
import { createGuardedFiles, createPipePool, createRunningSet, profileHash, programPathOf } from "@tau/tools";

import { jailVector } from "./bubblewrap-process.ts";
import type { JailLimits, JailOptions } from "./jail-options.ts";
import type { JailRunner } from "./jail-runner.ts";
import { createJailRunner } from "./jail-runner.ts";
import type { JailSettings } from "./jail-settings.ts";
import { jailSettings } from "./jail-settings.ts";
import { openJailTransactions } from "./jail-transactions.ts";
import { limitGaps } from "./limits/limit-gaps.ts";
import type { ProbeResult } from "./probe.ts";
import { runSandboxSelfTest } from "./self-test.ts";
import { testOnce } from "./test-once.ts";

/** How long the jail that is prepared for a next command waits for it. */
const idleMs = 30_000;

/**
 * Makes an `Environment` whose commands the kernel confines: bubblewrap's namespaces, no capabilities and a
 * seccomp filter.
 *
 * The first jail of a kind in a process tries to escape. Throws `sandbox.escape` when a probe gets out, and
 * `sandbox.unavailable` with what to install or allow when there can be no jail; never falls back to less.
 */
export async function createJail(options: JailOptions): Promise<OwnedEnvironment> {
  return (await openJail(options)).environment;
}

/** A jail, and what runs its commands. */
export interface OpenedJail {
  readonly environment: OwnedEnvironment;
  readonly runner: Pick<JailRunner, "hurry">;
}

/** {@link createJail}, for tests that will not wait until a jail was prepared. */
export async function openJail(options: JailOptions): Promise<OpenedJail> {
  const { transactions: store } = options;
  // Before the first command: what is not there cannot be hidden.
  if (store !== undefined) await mkdir(store, { recursive: true, mode: 0o700 });
  const settings = jailSettings(options);
  await assertHolds(options, settings);
  const pipes = createPipePool();
  const runner = createJailRunner(settings, jailVector, { pipes, ahead: { idleMs } });
  const running = createRunningSet();

  const info = {
    kind: "jail",
    enforced: true,
    profile: settings.profile,
    profileHash: hashOf(settings),
    ...(isOfWhole(settings.limits) ? { unenforced: limitGaps() } : {}),
    programPath: programPathOf({ ...settings.bwrapVariables, ...settings.innerVariables }),
  } as const;
  const files = createGuardedFiles(settings.policy);
  const transactions = await openJailTransactions(store, {
    settings,
    info,
    files,
    run: (request, layer, signal) => running.add(runner.runLayered(request, layer, running.limit(signal))),
  });

  const environment: OwnedEnvironment = {
    info,
    ...files,
    ...(transactions === undefined ? {} : { transactions }),
    exec: async (request, signal) => await running.add(runner.run(request, running.limit(signal))),
    start: async (request, signal) => await running.addStarted(runner.start(request, running.limit(signal))),
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await runner[Symbol.asyncDispose]();
      pipes[Symbol.dispose]();
    },
  };
  return { environment, runner };
}

/** Tests each kind of jail once in this process. */
async function assertHolds(options: JailOptions, settings: JailSettings): Promise<void> {
  const { access, network } = settings.profile;
  const gated = settings.gate !== undefined;
  const kind = ["jail", settings.bwrapPath, access, network, gated, options.unixSockets, settings.prefix];
  assertNoEscape(await testOnce(kind, async () => await runSandboxSelfTest(options)));
}

function assertNoEscape(results: readonly ProbeResult[]): void {
  const escaped = results.filter((result) => result.outcome === "escaped");
  if (escaped.length === 0) return;
  throw new TauError(
    "sandbox.escape",
    `The self-test got out of the jail, so nothing is run in it: ${escaped.map(({ name, detail }) => `${name} (${detail})`).join("; ")}. Update bubblewrap and the kernel, and report this.`,
    { details: { probes: escaped.map((result) => result.name) } },
  );
}

/** Whether limits were asked for that the kernel knows for single processes only. */
function isOfWhole({ memoryBytes, cpuSeconds }: JailLimits): boolean {
  return memoryBytes !== undefined || cpuSeconds !== undefined;
}

function hashOf(settings: JailSettings): string {
  const { access, workspace, network, planFolder } = settings.profile;
  return profileHash([
    ...(planFolder === undefined ? [] : [planFolder]),
    "jail",
    access,
    workspace,
    network,
    settings.gate?.rulesHash ?? "",
    settings.policy.secretPaths,
    settings.policy.protectedPaths,
    settings.prefix,
    JSON.stringify(settings.limits),
    settings.shown,
    Buffer.from(settings.filter).toString("base64"),
  ]);
}
