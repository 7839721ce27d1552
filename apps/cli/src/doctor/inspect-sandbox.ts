import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";

import { createJail, runEscapeSuite } from "@tau/sandbox";
import type { ProbeResult } from "@tau/sandbox";

import type { ParsedArgs } from "../command.ts";
import { textOption } from "../command.ts";
import { loadConfig } from "../load-config.ts";
import { localTenant } from "../local-context.ts";
import { folderOf, settingsFrom } from "../settings.ts";
import type { Settings } from "../settings.ts";
import { tauHome, transactionsFolder } from "../tau-home.ts";
import type { Terminal } from "../terminal.ts";
import { faultOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** What the jail keeps, whatever the profile; each was tried before it is printed. */
const enforced: readonly string[] = [
  "the rest of the disk is read-only, the workspace under the read-only profile too",
  "credentials, .env files, Tau's data and variables are not there",
  "processes, shared memory, names and control groups of its own; nothing outlives a command",
  "no capability, no new namespace, no traced process, a system call filter",
  "limits of processes, of temporary files and of core dumps",
];

/** Says what the sandbox enforces, and tries every way out of it that is known. */
export async function* inspectSandbox(args: ParsedArgs, terminal: Terminal): AsyncGenerator<Finding> {
  const home = tauHome(terminal);
  const cwd = await folderOf(args, terminal);
  const loaded = await loadConfig({ home, cwd, named: textOption(args, "config") });
  const settings = settingsFrom(args, loaded, { home, cwd, someoneAnswers: false });
  if (settings.environment === "host") {
    yield { check: "sandbox", result: "note", detail: "not used: commands run on this machine, as you" };
    return;
  }
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    yield* inspect(settings);
  } catch (error) {
    yield faultOf("sandbox", error);
  }
}

async function* inspect(settings: Settings): AsyncGenerator<Finding> {
  const { profile: access, network, home } = settings;
  const options = { profile: { access, workspace: tmpdir(), network }, maskPaths: [home] };
  const results = await runEscapeSuite(options);
  const by = (outcome: ProbeResult["outcome"]): readonly ProbeResult[] =>
    results.filter((result) => result.outcome === outcome);
  const [held, escaped, skipped] = [by("held"), by("escaped"), by("not_probed")];
  yield {
    check: "driver",
    result: "ok",
    detail: `bubblewrap, as user ${process.getuid?.() ?? "?"}, profile ${access}`,
  };
  for (const detail of escaped.length === 0 ? enforced : [])
    yield { check: "enforced", result: "ok", detail };
  yield { check: "network", result: network === true ? "note" : "ok", detail: networkText(network) };
  yield await transactionsOf(settings);
  for (const { name, detail } of escaped)
    yield { check: "escape", result: "fault", detail: `${name}: ${detail}` };
  const detail = `${results.length} known, ${held.length} held, ${escaped.length} got out, ${skipped.length} not tried`;
  yield { check: "escapes", result: escaped.length === 0 ? "ok" : "fault", detail };
  for (const { name, detail: why } of skipped)
    yield { check: "escapes", result: "note", detail: `${name}: ${why}` };
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
