import { escapeScript } from "./escape-script.ts";
import { escapes, triedSyscalls } from "./escape.ts";
import { jailVector } from "./bubblewrap-process.ts";
import type { JailOptions } from "./jail-options.ts";
import type { JailRunnerOptions } from "./jail-runner.ts";
import { createJailRunner } from "./jail-runner.ts";
import type { JailSettings } from "./jail-settings.ts";
import { jailSettings } from "./jail-settings.ts";
import { createProbeFixture } from "./probe-fixture.ts";
import { probeScript } from "./probe-script.ts";
import type { ProbeResult } from "./probe.ts";
import { probes } from "./probe.ts";
import { tryProbes } from "./try-probes.ts";
import type { ProbeSuite, ProbeTarget } from "./try-probes.ts";
import { explainFailure } from "./unavailable.ts";

/**
 * Tries to get out of a jail of this kind and says what came of each attempt.
 *
 * It runs in folders of its own, not in the workspace. Throws `sandbox.unavailable` when there can be no jail.
 */
export async function runSandboxSelfTest(options: JailOptions): Promise<readonly ProbeResult[]> {
  return await probeJail(options, jailVector);
}

/**
 * Tries every escape that is known to this package, the self-test's among them, from a jail that is made for it and from one
 * that was prepared ahead; takes a second or two.
 *
 * Otherwise as {@link runSandboxSelfTest}.
 */
export async function runEscapeSuite(options: JailOptions): Promise<readonly ProbeResult[]> {
  const made = await probeJail(options, jailVector, { suite: fullSuite });
  const prepared = await probeJail(options, jailVector, { suite: fullSuite, ahead: { idleMs } });
  return made.map((result, index) => {
    const other = prepared[index];
    return other?.outcome === "escaped" ? other : result;
  });
}

const idleMs = 20_000;

/** What the first jail of a process tries. */
export const quickSuite: ProbeSuite = { script: `${probeScript}\nsay done held\n`, probes };

/** Everything: see {@link runEscapeSuite}. */
export const fullSuite: ProbeSuite = {
  script: `${probeScript}\n${escapeScript}\nsay done held\n`,
  probes: {
    ...probes,
    ...escapes,
    ...Object.fromEntries(triedSyscalls.map((name) => [`syscall_${name}`, `calls ${name}`])),
  },
};

/** How {@link probeJail} tries. */
export interface ProbeOptions {
  /** Default: the quick one. */
  readonly suite?: ProbeSuite;
  /** Has it tried from a jail that was prepared ahead, where there can be one. */
  readonly ahead?: JailRunnerOptions["ahead"];
}

/** The self-test over a vector of the caller's choice, so that tests can see it fail. */
export async function probeJail(
  options: JailOptions,
  vectorOf: Parameters<typeof createJailRunner>[1],
  { suite = quickSuite, ahead }: ProbeOptions = {},
): Promise<readonly ProbeResult[]> {
  await using fixture = await createProbeFixture();
  const secret = fixture.halves.join("-");
  const settings = jailSettings(
    {
      ...options,
      profile: { ...options.profile, workspace: fixture.workspace },
      maskPaths: [...(options.maskPaths ?? []), fixture.secrets],
    },
    { ...process.env, TAU_SELF_TEST_SECRET: secret },
  );
  await using runner = createJailRunner(settings, vectorOf, ahead === undefined ? {} : { ahead });
  if (ahead !== undefined) {
    const nothing = { argv: ["/bin/sh", "-c", ":"], timeoutMs: idleMs } as const;
    await runner.run(nothing, new AbortController().signal);
    await runner.hurry();
  }
  const target: ProbeTarget = {
    architecture: settings.architecture,
    bwrapPath: settings.bwrapPath,
    exec: (request) => runner.run(request, new AbortController().signal),
    explain: explainFailure,
  };
  const said = await tryProbes(target, fixture, suite);
  const seen = new Set(await fixture.findings());
  return Object.entries(suite.probes).map(([name, detail]) =>
    resultOf({ name, detail, outcome: seen.has(name) ? "escaped" : said.get(name) }, settings),
  );
}

interface Said {
  readonly name: string;
  readonly detail: string;
  readonly outcome: string | undefined;
}

function resultOf({ name, detail, outcome }: Said, settings: JailSettings): ProbeResult {
  const granted = grants(name, settings);
  if (granted !== undefined) return { name, outcome: "not_probed", detail: granted };
  if (outcome === "held" || outcome === "escaped") return { name, outcome, detail };
  return { name, outcome: "not_probed", detail: "this machine has no perl or no program to try it with" };
}

const ofNetwork: readonly string[] = ["network", "network_datagram", "network_interface", "run_folder"];
const ofUnixSockets: readonly string[] = ["unix_socket", "abstract_socket"];
const ofAllFiles: readonly string[] = [
  "write_outside",
  "remount",
  "workspace_moved",
  "temporary_file",
  "shared_memory",
];

/** Why a probe says nothing under this profile; undefined when it does. */
function grants(name: string, settings: JailSettings): string | undefined {
  const { access, network } = settings.profile;
  if (network === true && ofNetwork.includes(name)) return "the profile grants the network";
  if (settings.unixSockets && ofUnixSockets.includes(name)) return "the options grant unix sockets";
  if (name === "read_only_workspace" && access !== "read-only") return "the profile grants the workspace";
  const writing = ofAllFiles.includes(name) || name.startsWith("protected_") || name.startsWith("outside_");
  return access === "full" && writing ? "the profile grants all files" : undefined;
}
