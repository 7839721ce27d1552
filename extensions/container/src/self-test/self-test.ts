import { readlinkSync } from "node:fs";
import { tmpdir } from "node:os";

import { isTauError, TauError } from "@tau/core";

import { containerEnvironment } from "../environment/container-environment.ts";
import type { ContainerOptions } from "../environment/container-options.ts";
import { containerPolicy } from "../environment/container-settings.ts";
import type { ContainerSettings } from "../environment/container-settings.ts";
import { containerSpec } from "../environment/container-spec.ts";
import { openSettings } from "../environment/open-settings.ts";
import type { ContainerEngine } from "../engine/container-engine.ts";
import type { ProbeFixture } from "./probe-fixture.ts";
import { createProbeFixture, probeParent } from "./probe-fixture.ts";
import { probes, probeScript } from "./probe-script.ts";

/** What came of one attempt to get out of a container. */
export interface ProbeResult {
  /** Such as `write_outside`. */
  readonly name: string;
  /** `not_probed`: granted by the profile, or the image lacks what the attempt needs. */
  readonly outcome: "held" | "escaped" | "not_probed";
  /** What was tried, or why it was not. */
  readonly detail: string;
}

const limitMs = 60_000;
/** Podman lets containers nest, Docker does not; neither gives a nested one more than its outer one has. */
const allowed =
  "this engine lets commands make user namespaces; its system call filter bounds what they come to";

/**
 * Tries to get out of a container of this kind and says what came of each attempt. It runs in folders of its own beside the
 * workspace. Throws `container.*` when there can be no such container.
 */
export async function runContainerSelfTest(
  options: ContainerOptions,
  signal: AbortSignal,
): Promise<readonly ProbeResult[]> {
  const { engine, settings } = await openSettings(options, signal);
  return await probeContainer({ engine, settings }, signal);
}

/** The self-test over settings; `specOf` is replaced by tests, so that they see it fail. */
export async function probeContainer(
  { engine, settings }: { readonly engine: ContainerEngine; readonly settings: ContainerSettings },
  signal: AbortSignal,
  specOf: typeof containerSpec = containerSpec,
): Promise<readonly ProbeResult[]> {
  await using fixture = await fixtureFor(settings.profile.workspace);
  const profile = { ...settings.profile, workspace: fixture.workspace };
  const policy = containerPolicy(settings.options, profile);
  const said = await tryProbes(engine, { ...settings, profile, policy }, { fixture, signal, specOf });
  const seen = new Set(await fixture.findings());
  return Object.entries(probes).map(([name, detail]): ProbeResult => {
    if (isGranted(name, settings)) return { name, outcome: "not_probed", detail: "the profile grants it" };
    const outcome = seen.has(name) ? "escaped" : said.get(name);
    if (outcome === "held" || outcome === "escaped") return { name, outcome, detail };
    const why = outcome === "allowed" ? allowed : "there is nothing to try it with, or on";
    return { name, outcome: "not_probed", detail: why };
  });
}

async function fixtureFor(workspace: string): Promise<ProbeFixture> {
  const [beside = tmpdir(), fallback = tmpdir()] = probeParent(workspace, tmpdir());
  return await createProbeFixture(beside, workspace).catch(() => createProbeFixture(fallback, workspace));
}

interface Attempt {
  readonly fixture: ProbeFixture;
  readonly signal: AbortSignal;
  readonly specOf: typeof containerSpec;
}

async function tryProbes(
  engine: ContainerEngine,
  settings: ContainerSettings,
  { fixture, signal, specOf }: Attempt,
): Promise<ReadonlyMap<string, string>> {
  await using environment = containerEnvironment(engine, settings, specOf);
  let stdout = "";
  const env = probeVariables(settings, fixture);
  const run = environment.exec(
    {
      cwd: "/", // an engine that sees another disk may have no such workspace
      argv: ["/bin/sh", "-c", `${probeScript}\nsay done held\n`],
      env,
      timeoutMs: limitMs,
      onOutput: (chunk, stream) => {
        if (stream === "stdout") stdout += Buffer.from(chunk).toString("utf8");
      },
    },
    signal,
  );
  const { exitCode } = await run.catch((error: unknown) => {
    throw isTauError(error) ? new TauError("container.unavailable", error.message, { cause: error }) : error;
  });
  const said = new Map(
    stdout.split("\n").map((line) => [line.split(" ")[0] ?? "", line.split(" ")[1] ?? ""]),
  );
  if (exitCode === 0 && said.has("done")) {
    if (said.get("workspace") === "held") return said;
    throw new TauError(
      "container.unavailable",
      "The container does not see this machine's workspace: the engine runs on another machine, or in another container. Use the engine of this machine, and a workspace that it sees at the same path.",
    );
  }
  throw new TauError(
    "container.unavailable",
    "The container could not run the self-test to its end. The image needs a POSIX /bin/sh.",
  );
}

function probeVariables(
  settings: ContainerSettings,
  fixture: ProbeFixture,
): Readonly<Record<string, string>> {
  const [half, other] = fixture.halves;
  return {
    PROBE_WORKSPACE: fixture.workspace,
    PROBE_OUTSIDE: fixture.outside,
    PROBE_SOCKET: fixture.socket,
    PROBE_PORT: String(fixture.port),
    PROBE_TOKEN: fixture.token,
    PROBE_HALF: half,
    PROBE_OTHER_HALF: other,
    PROBE_PID_NAMESPACE: readlinkSync("/proc/self/ns/pid"),
    PROBE_IPC_NAMESPACE: readlinkSync("/proc/self/ns/ipc"),
    PROBE_FULL: settings.profile.access === "full" ? "yes" : "no",
    PROBE_USER: settings.user.startsWith("0:") ? "root" : "other",
  };
}

/** What a profile grants is no escape. */
function isGranted(name: string, { profile: { access, network } }: ContainerSettings): boolean {
  if (network === true && name.startsWith("network")) return true;
  if (name === "read_only_workspace") return access !== "read-only";
  return access === "full" && name.startsWith("protected_");
}

const tested = new Map<string, Promise<readonly ProbeResult[]>>();

/** Tests each kind of container once in this process; a failure is tried again. Throws `container.escape`. */
export async function assertHolds(
  engine: ContainerEngine,
  settings: ContainerSettings,
  signal: AbortSignal,
): Promise<void> {
  const { profile, options, image, user } = settings;
  const { engine: address, runtime, networkName, env, limits } = options;
  const kind = JSON.stringify([
    address,
    image.id,
    runtime,
    networkName,
    env,
    limits,
    user,
    profile.access,
    profile.network,
  ]);
  const results = tested.get(kind) ?? probeContainer({ engine, settings }, signal);
  tested.set(kind, results);
  try {
    const escaped = (await results).filter(({ outcome }) => outcome === "escaped");
    if (escaped.length > 0) throw escape(escaped);
  } catch (error) {
    tested.delete(kind);
    throw error;
  }
}

function escape(escaped: readonly ProbeResult[]): TauError {
  const names = escaped.map(({ name, detail }) => `${name} (${detail})`).join("; ");
  return new TauError(
    "container.escape",
    `The self-test got out of the container, so nothing is run in it: ${names}. Update the engine and the kernel, and report this.`,
    { details: { probes: escaped.map(({ name }) => name) } },
  );
}
