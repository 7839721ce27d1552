import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";

import type { NetworkGate } from "@tau/tools";
import { onTestFinished } from "vitest";

import type { EgressRow } from "../audit.ts";
import { createEgressGate } from "./create-egress-gate.ts";
import type { EgressGateOptions } from "./create-egress-gate.ts";

/** What a jailed command said and did. */
export interface JailedRun {
  /** Both streams. */
  readonly output: string;
  readonly exitCode: number | null;
  /** What the gate refused meanwhile. */
  readonly refusals: readonly string[];
}

export interface TestGate extends NetworkGate {
  readonly rows: readonly EgressRow[];
  /** Runs a program in the gate's network, confined as a jail confines it. */
  readonly run: (argv: readonly string[], callId?: string) => Promise<JailedRun>;
}

/** A gate for which every name leads to 127.0.0.1, and that is a public address. It ends with the test. */
export function startGate(options: Partial<EgressGateOptions> & Pick<EgressGateOptions, "hosts">): TestGate {
  const rows: EgressRow[] = [];
  const gate = createEgressGate({
    caller: { tenant: "acme", session: "s1" },
    addresses: ["127.0.0.1"],
    lookup: async () => ["127.0.0.1"],
    audit: { write: (row) => rows.push(row) },
    ...options,
  });
  onTestFinished(async () => await gate[Symbol.asyncDispose]());
  return { ...gate, rows, run: async (argv, callId) => await runIn(gate, argv, callId) };
}

async function runIn(gate: NetworkGate, argv: readonly string[], callId = "call-1"): Promise<JailedRun> {
  const pass = await gate.enter({ callId }, new AbortController().signal);
  const confinement = [
    ["--unshare-user", "--unshare-pid", "--disable-userns", "--cap-drop", "ALL", "--die-with-parent"],
    ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/run"],
    ["--ro-bind", dirname(process.execPath), dirname(process.execPath)], // which may be below /tmp
    pass.files.flatMap(({ path, source }) => ["--ro-bind", source, path]),
    Object.entries(pass.variables).flatMap(([name, value]) => ["--setenv", name, value]),
  ].flat();
  const [program = "", ...rest] = [...pass.prefix, "bwrap", ...confinement, "--", ...argv];
  const child = spawn(program, rest, {
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  const [exitCode] = await once(child, "close");
  return { output, exitCode, refusals: pass.leave() };
}
