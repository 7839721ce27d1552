import { accessSync, constants, statSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { TauError } from "@tau/core";
import type { EnvironmentInfo, ExecRequest, OwnedEnvironment, StartRequest } from "@tau/tools";
import {
  commandVariables,
  createGuardedFiles,
  createHostEnvironment,
  createSecretFinder,
  enforceProtection,
  planProtection,
  profileHash,
  programPathOf,
  realWorkspace,
  workingDirectory,
} from "@tau/tools";

import type { JailOptions } from "../jail-options.ts";
import { jailPolicy, supportedArchitecture } from "../jail-settings.ts";
import { removeTree } from "../overlay/record.ts";
import { seccompFilter } from "../seccomp-filter.ts";
import { landlockRules } from "./landlock-rules.ts";
import type { LandlockSpec } from "./landlock-spec.ts";
import { createPutBack } from "./put-back.ts";

/** Options of {@link createLandlock}: those of a jail that it can keep. */
export type LandlockOptions = Pick<
  JailOptions,
  "profile" | "env" | "maskPaths" | "showPaths" | "protectPaths" | "unixSockets" | "transactions"
>;

/** What Landlock cannot keep, whatever the kernel. */
export const landlockGaps: readonly string[] = [
  "modes, owners and times of the user's files outside can be changed; their contents cannot",
  "processes of the machine are visible; their memory and variables are not",
  "names of files in credential folders are visible; their contents are not",
  "protected paths are put back after a command, not held while it runs",
  "a process that leaves its group and clears its variables can outlive its command",
];

const secretsGap = "secret files of a workspace that is written, such as .env, are readable to commands";
const launcher = fileURLToPath(
  new URL(`./launcher${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

/**
 * Makes an `Environment` whose commands confine themselves by Landlock and seccomp before they begin: for machines that
 * allow no namespaces, such as pods. `info.unenforced` says what it cannot keep, and because that is more than nothing
 * `info.enforced` is false: rules decide on commands as they do on a host, and Landlock bounds what those may come to.
 *
 * Throws `sandbox.unavailable` on other systems than Linux on x64 and arm64, and `environment.not_found`. That it holds
 * is what the driver's probe finds out.
 */
export async function createLandlock(options: LandlockOptions): Promise<OwnedEnvironment> {
  const architecture = supportedArchitecture();
  const profile = { ...options.profile, workspace: realWorkspace(options.profile.workspace) };
  const { access, network, workspace } = profile;
  const internet = network === true;
  const policy = jailPolicy(options, profile);
  const filter = seccompFilter({ architecture, unixSockets: options.unixSockets ?? false, internet });
  const own = await mkdtemp(join(tmpdir(), "tau-landlock-"));
  const scratch = join(own, "tmp");
  await mkdir(join(scratch, "home"), { recursive: true, mode: 0o700 });
  const kept = createPutBack(workspace, policy.protectedPaths, own);
  const env: Readonly<Record<string, string>> = {
    ...commandVariables(process.env),
    ...(access === "full" ? {} : { HOME: join(scratch, "home"), TMPDIR: scratch }),
    ...options.env,
  };
  const host = createHostEnvironment({ profile, env });
  const secretFiles = await createSecretFinder(workspace, policy.isSecretName)();
  const shows = access !== "read-only" && secretFiles.length > 0;
  const info: EnvironmentInfo = {
    kind: "landlock",
    enforced: false,
    profile,
    programPath: programPathOf(env),
    unenforced: shows ? [...landlockGaps, secretsGap] : landlockGaps,
    profileHash: profileHash([
      "landlock",
      access,
      workspace,
      JSON.stringify(network),
      policy.secretPaths,
      policy.protectedPaths,
      Buffer.from(filter).toString("base64"),
    ]),
  };

  const confined = async <Request extends StartRequest>(request: Request): Promise<Request> => {
    const cwd = await workingDirectory(request.cwd ?? workspace);
    const [name, ...args] = request.argv;
    const program = runnable(name, { cwd, path: request.env?.["PATH"] ?? env["PATH"] });
    const writable = access !== "read-only" && request.readOnly !== true;
    const spec: LandlockSpec = {
      ...landlockRules({ policy, writable, scratch, secretFiles, shown: options.showPaths ?? [] }),
      network: internet && request.network !== false,
      filter: Buffer.from(filter).toString("base64"),
    };
    const flags = ["--no-warnings", "--max-semi-space-size=1"];
    const argv = [process.execPath, ...flags, launcher, JSON.stringify(spec), program, ...args] as const;
    return { ...request, argv, cwd };
  };

  /** Remembers what is protected; what it answers puts that back once the command is dead. */
  const enter = async (request: StartRequest): Promise<() => Promise<void>> => {
    const { watched } = planProtection(workspace, policy.protectedPaths);
    await kept.remember();
    return async () => {
      const moved = await enforceProtection(workspace, watched);
      report(request, [...moved, ...(await kept.putBack())]);
    };
  };

  return {
    info,
    ...createGuardedFiles(policy),
    async exec(request, signal) {
      signal.throwIfAborted();
      const leave = await enter(request);
      return await thenLeave(host.exec(await confined(request), signal), leave);
    },
    async start(request, signal) {
      signal.throwIfAborted();
      const leave = await enter(request);
      const { exit, ...started } = await host.start(await confined(request), signal);
      const left = thenLeave(exit, leave);
      left.catch(() => undefined); // as `Environment.start` promises
      return { ...started, exit: left };
    },
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await kept[Symbol.asyncDispose]();
      await removeTree(own);
    },
  };
}

async function thenLeave<Result>(work: Promise<Result>, leave: () => Promise<void>): Promise<Result> {
  try {
    return await work;
  } finally {
    await leave();
  }
}

/** The program's path. Throws `environment.failed`: the launcher is a process that starts whatever comes of its command. */
function runnable(
  name: string,
  { cwd, path }: { readonly cwd: string; readonly path: string | undefined },
): string {
  const candidates = name.includes("/")
    ? [isAbsolute(name) ? name : resolve(cwd, name)]
    : programPathOf({ PATH: path }).map((folder) => resolve(cwd, folder, name));
  const found = name.includes("\0") ? undefined : candidates.find(isRunnable);
  if (found !== undefined) return found;
  throw new TauError(
    "environment.failed",
    "Starting the command failed: the program was not found or may not be run. Check the program's name, the PATH and its permissions.",
  );
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function report(
  request: Pick<ExecRequest, "onOutput">,
  moved: readonly { readonly from: string; readonly to?: string }[],
): void {
  for (const { from, to } of moved) {
    const now = to === undefined ? "was put back" : `what the command made there is now ${to}`;
    request.onOutput?.(Buffer.from(`tau: ${from} is protected, so ${now}\n`), "stderr");
  }
}
