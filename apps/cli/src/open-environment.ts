import { mkdir, realpath } from "node:fs/promises";

import { delimiter, dirname } from "node:path";

import { isTauError, TauError } from "@tau/core";
import type { EnvironmentRequest } from "@tau/runtime";
import { createJail, createLandlockDriver, openSandbox } from "@tau/sandbox";
import { commandVariables, createHostEnvironment, createPermissionPolicy } from "@tau/tools";
import type {
  ActiveGrant,
  EnvironmentInfo,
  ExplainingPolicy,
  NetworkGate,
  OwnedEnvironment,
} from "@tau/tools";

import { rgPath } from "@vscode/ripgrep";

import { localTenant } from "./local-context.ts";
import { openGate } from "./open-gate.ts";
import type { GateCaller } from "./open-gate.ts";
import type { Settings } from "./settings.ts";
import { transactionsFolder } from "./tau-home.ts";

/** The key of the context entry that says where a session works. */
export const workspaceKey = "workspace";

/** Opens the jail or, when the settings say so in as many words, the host. Throws `sandbox.*`, `egress.invalid_rule`. */
export async function openEnvironment(
  settings: Settings,
  workspace: string,
  caller: GateCaller = { tenant: localTenant },
): Promise<OwnedEnvironment> {
  const { profile: access, network, home, programs = [], shownFolders = [] } = settings;
  // What is not there cannot be masked, and may be there a moment later.
  await mkdir(home, { recursive: true, mode: 0o700 });
  const profile = { access, workspace, network };
  const own = dirname(process.execPath);
  const { PATH = "" } = commandVariables(process.env);
  // A project may need Node, and the one that runs Tau may be the only one.
  const env = { PATH: [...programs, PATH, own].join(delimiter) };
  if (settings.environment === "host") return createHostEnvironment({ profile, secretPaths: [home], env });
  const showPaths = [own, dirname(rgPath), ...shownFolders];
  if (settings.environment === "landlock") {
    const driver = createLandlockDriver({ maskPaths: [home], showPaths, env });
    return (await openSandbox([driver], profile, new AbortController().signal)).environment;
  }
  const transactions = transactionsFolder(home, caller.tenant);
  const gate = await openGate(settings, caller);
  try {
    // The jail has a /tmp of its own; what Tau brings along stays visible also when it is installed below /tmp.
    const options = {
      profile,
      maskPaths: [home],
      showPaths,
      env,
      transactions,
    };
    const jail = await createJail({ ...options, ...(gate === undefined ? {} : { gate }) });
    return gate === undefined ? jail : withGate(jail, gate);
  } catch (error) {
    await gate?.[Symbol.asyncDispose]();
    if (!isTauError(error) || !error.code.startsWith("sandbox.")) throw error;
    const hint = "To run commands on this machine without any sandbox, say --environment host.";
    throw new TauError(error.code, `${error.message}\n${hint}`, { cause: error });
  }
}

/** Closes the gate behind the jail. */
function withGate(jail: OwnedEnvironment, gate: NetworkGate): OwnedEnvironment {
  return {
    ...jail,
    async [Symbol.asyncDispose]() {
      await jail[Symbol.asyncDispose]();
      await gate[Symbol.asyncDispose]();
    },
  };
}

/** The rules of the settings for an environment. Throws `permission.*` for rules that make no sense. */
export function policyFor(
  settings: Settings,
  { enforced, profileHash }: Pick<EnvironmentInfo, "enforced" | "profileHash">,
  grants?: () => readonly ActiveGrant[],
): ExplainingPolicy {
  const { profile, layers, network, approve, web } = settings;
  // Who named a search service wants it to be asked; rules that deny or ask still count.
  const rules = web.search === undefined ? {} : { allow: ["web_search"] };
  return createPermissionPolicy({
    profile,
    rules,
    layers,
    network,
    approvals: approve,
    enforced,
    profileHash,
    ...(grants === undefined ? {} : { grants }),
    ...(settings.review === true ? { review: true } : {}),
  });
}

/** Where a session works; `confined` refuses what is outside of the settings' folder. */
export async function workspaceOf(
  { bootstrap }: Pick<EnvironmentRequest, "bootstrap">,
  cwd: string,
  confined: boolean,
): Promise<string> {
  const root = await realpath(cwd);
  const named = bootstrap.find(({ key }) => key === workspaceKey)?.content;
  if (named === undefined) return root;
  const workspace = await realpath(named).catch(() => undefined);
  if (workspace === undefined)
    throw new TauError("environment.denied", "The session's workspace does not exist any more.");
  const inside = workspace === root || workspace.startsWith(root === "/" ? root : `${root}/`);
  if (inside || !confined) return workspace;
  throw new TauError(
    "environment.denied",
    "The session's workspace is outside of the folder that is served. Name one below it, or none.",
  );
}
