import { realpath } from "node:fs/promises";

import { delimiter, dirname } from "node:path";

import { isTauError, TauError } from "@tau/core";
import type { EnvironmentRequest } from "@tau/runtime";
import { commandVariables, createPermissionPolicy, planPolicy, planProfile } from "@tau/tools";
import type { ActiveGrant, EnvironmentInfo, ExplainingPolicy, OwnedEnvironment } from "@tau/tools";
import { checkFlowRules } from "@tau/tools/flow";
import type { FlowOptions } from "@tau/tools/flow";

import { rgPath } from "@vscode/ripgrep";

import { planFolder } from "./bound/plan-files.ts";
import { servedFolder } from "./bound/served-folders.ts";
import { loadEnvironment } from "./environment-kinds.ts";
import { extraRules } from "./extra-tools.ts";
import { localTenant } from "./local-context.ts";
import type { GateCaller } from "./open-gate.ts";
import { optional } from "./optional.ts";
import type { Settings } from "./settings.ts";
import { makeHome } from "./tau-home.ts";

/** The key of the context entry that says where a session works. */
export const workspaceKey = "workspace";

/** Opens the environment that the settings name; the host only when they say so in as many words. Throws `sandbox.*`, `egress.invalid_rule`. */
export async function openEnvironment(
  settings: Settings,
  workspace: string,
  caller: GateCaller = { tenant: localTenant },
): Promise<OwnedEnvironment> {
  const { profile: access, network, home, programs = [], shownFolders = [] } = settings;
  await makeHome(home);
  const whole = { access, workspace, network };
  const profile = settings.plan === true ? planProfile(whole, planFolder) : whole;
  const own = dirname(process.execPath);
  const { PATH = "" } = commandVariables(process.env);
  // A project may need Node, and the one that runs Tau may be the only one.
  const env = { PATH: [...programs, PATH, own].join(delimiter) };
  // What Tau brings along stays visible also when it is installed below a /tmp that a jail has of its own.
  const showPaths = [own, dirname(rgPath), ...shownFolders];
  const kind = await loadEnvironment(settings.environment);
  try {
    return await kind.open({ settings, profile, env, showPaths, caller });
  } catch (error) {
    if (!isTauError(error) || !error.code.startsWith("sandbox.")) throw error;
    const hint = "To run commands on this machine without any sandbox, say --environment host.";
    throw new TauError(error.code, `${error.message}\n${hint}`, { cause: error });
  }
}

/** The rules of the settings for an environment. Throws `permission.*` for rules that make no sense. */
export function policyFor(
  settings: Settings,
  { enforced, profileHash }: Pick<EnvironmentInfo, "enforced" | "profileHash">,
  grants?: () => readonly ActiveGrant[],
): ExplainingPolicy {
  const { profile, layers, network, approve } = settings;
  // Rules that deny or ask still count.
  const rules = { allow: extraRules(settings) };
  const known = { rules, approvals: approve, enforced, profileHash };
  const plan = settings.plan === true ? { planFolder } : {};
  const policy = createPermissionPolicy({
    ...known,
    ...plan,
    profile,
    layers,
    network,
    ...(grants === undefined ? {} : { grants }),
    ...(settings.review === true ? { review: true } : {}),
  });
  // What the person's rules allow is for doing; of a plan they can only take away.
  return settings.plan === true ? planPolicy(policy, { ...known, planFolder }) : policy;
}

/** How information flows under the settings. */
export function flowFor({ untrusted, approve, layers }: Settings): FlowOptions {
  return {
    trustedWorkspace: untrusted !== true,
    approvals: approve === "never" ? "never" : "ask",
    layers,
  };
}

/** Reads the rules as a run would, and runs their examples. Throws `permission.*` for the first that makes no sense. */
export function assertRules(settings: Settings): void {
  policyFor(settings, { enforced: true, profileHash: "" });
  checkFlowRules(settings.layers.flatMap(({ flow = [] }) => flow));
}

/** Where a session works; with `served`, only in one of those folders or below it. Throws `environment.denied`. */
export async function workspaceOf(
  { bootstrap }: Pick<EnvironmentRequest, "bootstrap">,
  { cwd, home }: Pick<Settings, "cwd" | "home">,
  served?: readonly string[],
): Promise<string> {
  const named = bootstrap.find(({ key }) => key === workspaceKey)?.content;
  if (served !== undefined) return await servedFolder({ ...optional("named", named), folders: served, home });
  if (named === undefined) return await realpath(cwd);
  const workspace = await realpath(named).catch(() => undefined);
  if (workspace !== undefined) return workspace;
  throw new TauError("environment.denied", "The session's workspace does not exist any more.");
}
