import { tmpdir } from "node:os";

import { createJail, limitGaps, runEscapeSuite, runSandboxSelfTest } from "@tau/sandbox";
import type { OwnedEnvironment } from "@tau/tools";

import { escapeFindings, notTried } from "../doctor/escape-findings.ts";
import { faultOf } from "../doctor/finding.ts";
import type { Finding } from "../doctor/finding.ts";
import { localTenant } from "../local-context.ts";
import { openGate } from "../open-gate.ts";
import type { Settings } from "../settings.ts";
import { makeHome, transactionsFolder } from "../tau-home.ts";
import { withGate } from "../with-gate.ts";
import type { EnvironmentFile, EnvironmentOrder } from "./environment-file.ts";
import { jailLimits } from "./jail-limits.ts";
import { findOrStandIn, isSandboxError, openStandIn } from "./stand-in.ts";

/**
 * Bubblewrap, with a way out to the hosts that the settings name and a layer for what is looked at first. Where it does not
 * hold, Landlock, if that keeps what the profile promises; never the host.
 */
export const jailFile: EnvironmentFile = {
  async open(order) {
    try {
      return await openJail(order);
    } catch (error) {
      if (!isSandboxError(error)) throw error;
      return await openStandIn(order, error);
    }
  },
  check: (settings) => findOrStandIn(check, "check", settings),
  inspect: (settings) => findOrStandIn(inspect, "inspect", settings),
};

async function openJail(order: EnvironmentOrder): Promise<OwnedEnvironment> {
  const { settings, profile, env, showPaths, caller } = order;
  const gate = await openGate(settings, caller);
  try {
    const transactions = transactionsFolder(settings.home, caller.tenant);
    const limits = jailLimits(settings);
    const options = { profile, maskPaths: [settings.home], showPaths, env, transactions, limits };
    const jail = await createJail({ ...options, ...(gate === undefined ? {} : { gate }) });
    return gate === undefined ? jail : withGate(jail, gate);
  } catch (error) {
    await gate?.[Symbol.asyncDispose]();
    throw error;
  }
}

/** What the jail keeps, whatever the profile; each was tried before it is printed. */
const enforced: readonly string[] = [
  "the rest of the disk is read-only, the workspace under the read-only profile too",
  "credentials, .env files, Tau's data and variables are not there",
  "processes, shared memory, names and control groups of its own; nothing outlives a command",
  "no capability, no new namespace, no traced process, a system call filter",
  "limits of processes, of temporary files and of core dumps; of memory, processor time and files where they are set",
  "a jail that is prepared for the next command is used only when one made then would be the same",
];

async function* check({ profile: access, network, home }: Settings): AsyncGenerator<Finding> {
  // The self-test makes folders of its own; nothing of the workspace is touched.
  const profile = { access, workspace: tmpdir(), network };
  await makeHome(home);
  const probes = await runSandboxSelfTest({ profile, maskPaths: [home] });
  const escaped = probes.filter(({ outcome }) => outcome === "escaped");
  const held = probes.filter(({ outcome }) => outcome === "held").length;
  const detail = `${held} ways out of the jail tried, ${escaped.length === 0 ? "all held" : `${escaped.length} open`}`;
  yield { check: "sandbox", result: escaped.length === 0 ? "ok" : "fault", detail };
  for (const { name, detail: why } of escaped)
    yield { check: "sandbox", result: "fault", detail: `${name}: ${why}` };
  yield* notTried("sandbox", probes);
}

async function* inspect(settings: Settings): AsyncGenerator<Finding> {
  const { profile: access, network, home } = settings;
  await makeHome(home);
  const results = await runEscapeSuite({
    profile: { access, workspace: tmpdir(), network },
    maskPaths: [home],
  });
  const isHeld = results.every(({ outcome }) => outcome !== "escaped");
  yield {
    check: "driver",
    result: "ok",
    detail: `bubblewrap, as user ${process.getuid?.() ?? "?"}, profile ${access}`,
  };
  for (const detail of isHeld ? enforced : []) yield { check: "enforced", result: "ok", detail };
  for (const detail of limitGaps()) yield { check: "not kept", result: "note", detail };
  yield { check: "network", result: network === true ? "note" : "ok", detail: networkText(network) };
  yield await transactionsOf(settings);
  yield* escapeFindings(results);
  for (const { name, outcome, detail } of results)
    if (outcome === "not_probed") yield { check: "escapes", result: "note", detail: `${name}: ${detail}` };
}

function networkText(network: Settings["network"]): string {
  if (typeof network === "object") return `only ${network.hosts.join(", ")}, by way of Tau`;
  return network ? "all of it, this machine's own services included" : "none: a loopback of its own";
}

async function transactionsOf({ home, network, profile: access, cwd }: Settings): Promise<Finding> {
  if (network !== false)
    return { check: "copies", result: "note", detail: "not used: what leaves by the network cannot be held" };
  const transactions = transactionsFolder(home, localTenant);
  await using jail = await createJail({
    profile: { access, workspace: cwd, network },
    maskPaths: [home],
    transactions,
  });
  if (jail.transactions === undefined)
    return {
      check: "copies",
      result: "note",
      detail: "not possible under this profile, or without unshare and mount",
    };
  const { signal } = new AbortController();
  try {
    await using _ = await jail.transactions.begin("doctor", signal);
    return {
      check: "copies",
      result: "ok",
      detail: "commands can be tried on a copy of the workspace, and undone",
    };
  } catch (error) {
    return { ...faultOf("copies", error), result: "note" };
  }
}
