import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isTauError } from "@tau/core";
import { runSandboxSelfTest } from "@tau/sandbox";
import { createSqliteStore } from "@tau/store-sqlite";

import { flagOption } from "../command.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findModel } from "../find-model.ts";
import { localTenant, storeDirectory } from "../local-runtime.ts";
import { agentOptions, homeNote, readSettings, tauHome } from "../settings.ts";
import type { Settings } from "../settings.ts";
import { createStyle, plain } from "../style.ts";
import type { Terminal } from "../terminal.ts";
import { writeLine } from "../terminal.ts";

/** What a check found. */
interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** `tau doctor`: is this machine ready? */
export const doctorCommand: Command = {
  usage: "doctor [options]",
  description: `Checks what Tau needs: Node, the sandbox (by trying to escape from it), the store, and a model provider.
${homeNote}`,
  options: { ...agentOptions, json: { type: "boolean", help: "Print every finding as a line of JSON." } },
  examples: ["tau doctor", "tau doctor --json"],

  async run(args, terminal) {
    const json = flagOption(args, "json");
    const style = createStyle(terminal);
    let healthy = true;
    const settings = await readSettings(args, terminal, false);
    for (const check of [checkNode, checkSandbox, checkStore, checkProvider]) {
      for (const finding of await check(settings, terminal)) {
        healthy &&= finding.ok;
        const mark = finding.ok ? style("green", "ok   ") : style("red", "FAULT");
        writeLine(
          terminal,
          json ? JSON.stringify(finding) : `${mark} ${finding.check}: ${plain(finding.detail)}`,
        );
      }
    }
    return healthy ? exitCodes.ok : exitCodes.unhealthy;
  },
};

async function checkNode(): Promise<readonly Finding[]> {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > 22 || (major === 22 && minor >= 19);
  return [
    {
      check: "node",
      ok,
      detail: `${process.version}${ok ? "" : "; Tau needs 22.19 or newer, install Node 24"}`,
    },
  ];
}

async function checkSandbox({ network, profile: access, home }: Settings): Promise<readonly Finding[]> {
  const workspace = await mkdtemp(join(tmpdir(), "tau-doctor-"));
  try {
    const probes = await runSandboxSelfTest({ profile: { access, workspace, network }, maskPaths: [home] });
    const escaped = probes.filter(({ outcome }) => outcome === "escaped");
    const held = probes.filter(({ outcome }) => outcome === "held").length;
    const skipped = probes.filter(({ outcome }) => outcome === "not_probed");
    return [
      {
        check: "sandbox",
        ok: escaped.length === 0,
        detail: `${held} escapes tried and held, ${skipped.length} not tried`,
      },
      ...escaped.map(({ name, detail }) => ({ check: `sandbox.${name}`, ok: false, detail })),
      ...skipped.map(({ name, detail }) => ({
        check: `sandbox.${name}`,
        ok: true,
        detail: `not tried: ${detail}`,
      })),
    ];
  } catch (error) {
    return [failure("sandbox", error)];
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

async function checkStore(_settings: Settings, terminal: Terminal): Promise<readonly Finding[]> {
  const directory = storeDirectory(tauHome(terminal));
  try {
    await using store = await createSqliteStore({ directory });
    const sessions = await store.journal.list(localTenant, { prefix: "session/", limit: 1 });
    return [
      { check: "store", ok: true, detail: `${directory}${sessions.length === 0 ? ", no sessions yet" : ""}` },
    ];
  } catch (error) {
    return [failure("store", error)];
  }
}

async function checkProvider(settings: Settings, terminal: Terminal): Promise<readonly Finding[]> {
  try {
    const { provider, id } = await findModel(settings, terminal);
    return [{ check: "provider", ok: true, detail: `${provider}, model ${id}` }];
  } catch (error) {
    return [failure("provider", error)];
  }
}

function failure(check: string, error: unknown): Finding {
  if (isTauError(error)) return { check, ok: false, detail: `${error.message} [${error.code}]` };
  return { check, ok: false, detail: error instanceof Error ? error.message : String(error) };
}
