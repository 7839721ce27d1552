import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";

import { runSandboxSelfTest } from "@tau/sandbox";

import type { Settings } from "../settings.ts";
import { faultOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Tries to get out of the jail that a run would have. */
export async function* checkSandbox(settings: Settings): AsyncGenerator<Finding> {
  const { network, profile: access, home, environment } = settings;
  if (environment === "host") {
    yield { check: "sandbox", result: "note", detail: "not used: commands run on this machine, as you" };
    return;
  }
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    // The self-test makes folders of its own; nothing of the workspace is touched.
    const profile = { access, workspace: tmpdir(), network };
    const probes = await runSandboxSelfTest({ profile, maskPaths: [home] });
    const escaped = probes.filter(({ outcome }) => outcome === "escaped");
    const held = probes.filter(({ outcome }) => outcome === "held").length;
    const detail = `${held} ways out of the jail tried, ${escaped.length === 0 ? "all held" : `${escaped.length} open`}`;
    yield { check: "sandbox", result: escaped.length === 0 ? "ok" : "fault", detail };
    for (const { name, detail: why } of escaped)
      yield { check: "sandbox", result: "fault", detail: `${name}: ${why}` };
    const skipped = probes.filter(({ outcome }) => outcome === "not_probed");
    if (skipped.length > 0) yield { check: "sandbox", result: "note", detail: notTried(skipped) };
  } catch (error) {
    yield faultOf("sandbox", error);
  }
}

function notTried(skipped: readonly { readonly name: string; readonly detail: string }[]): string {
  const byReason = new Map<string, string[]>();
  for (const { name, detail } of skipped) byReason.set(detail, [...(byReason.get(detail) ?? []), name]);
  return [...byReason].map(([reason, names]) => `not tried, for ${reason}: ${names.join(", ")}`).join("\n");
}
