import type { ProbeResult } from "@tau/sandbox";

import type { Finding } from "./finding.ts";

/** What every known way out came to: those that got out one by one, then how many there were. */
export function* escapeFindings(results: readonly ProbeResult[]): Generator<Finding> {
  const by = (outcome: ProbeResult["outcome"]): readonly ProbeResult[] =>
    results.filter((result) => result.outcome === outcome);
  const [held, escaped, skipped] = [by("held"), by("escaped"), by("not_probed")];
  for (const { name, detail } of escaped)
    yield { check: "escape", result: "fault", detail: `${name}: ${detail}` };
  const detail = `${results.length} known, ${held.length} held, ${escaped.length} got out, ${skipped.length} not tried`;
  yield { check: "escapes", result: escaped.length === 0 ? "ok" : "fault", detail };
}

/** What was not tried, by reason; nothing where everything was. */
export function* notTried(check: string, results: readonly ProbeResult[]): Generator<Finding> {
  const byReason = new Map<string, string[]>();
  for (const { name, outcome, detail } of results)
    if (outcome === "not_probed") byReason.set(detail, [...(byReason.get(detail) ?? []), name]);
  if (byReason.size === 0) return;
  const detail = [...byReason].map(([reason, names]) => `${names.join(", ")}: not tried, because ${reason}`);
  yield { check, result: "note", detail: detail.join("\n") };
}
