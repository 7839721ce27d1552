/**
 * What a decision costs: the time of each of many, but for those that lost the core, by what they are about, under rules of three layers
 * and a profile, and with what the flow of information says in a sandbox and on a host.
 *
 * `node --conditions=@tau/source bench/policy.ts [--json]`
 */
import { untrusted } from "@tau/core";
import { createPermissionPolicy } from "@tau/tools";
import type { EffectRequest, EnvironmentInfo } from "@tau/tools";
import { createFlowControl } from "@tau/tools/flow";

import { benchOptions, printReport, rounded } from "./lib/report.ts";
import { quantile } from "./lib/statistics.ts";

const { json } = benchOptions(1);
const workspace = "/srv/app";
const layers = [
  { layer: "admin", rules: { deny: ["bash(git push --force *)", "network(*.internal)"] } },
  {
    layer: "user",
    rules: { allow: "npm git ls cat rg node make".split(" ").map((name) => `bash(${name} *)`) },
  },
  {
    layer: "project",
    rules: { deny: ["write(dist/**)"], ask: ["bash(npm publish *)"], allow: ["bash(./x *)"] },
  },
] as const;
const policy = createPermissionPolicy({ profile: "workspace-write", layers, approvals: "ask" });

const infoOf = (enforced: boolean): EnvironmentInfo => ({
  kind: enforced ? "jail" : "host",
  enforced,
  profile: { access: "workspace-write", workspace, network: false },
  profileHash: "",
});
const shown = { label: untrusted("web:example.org"), acted: true };
const flows = {
  "": undefined,
  ", in a jail": createFlowControl(infoOf(true)),
  ", on a host": createFlowControl(infoOf(false)),
};

/** As a run decides: by the rules, then by the flow of information, on a call that nobody looked at before. */
function decide(call: EffectRequest, flow: (typeof flows)[keyof typeof flows]): void {
  const request = { ...call, access: call.access.map((one) => ({ ...one })) };
  policy.decide(request);
  if (flow === undefined) return;
  const actsByCommands = request.tool.name === "bash";
  flow.decide(flow.factsOf({ ...request, actsByCommands }).kinds, shown);
}

const command = (source: string): EffectRequest => ({
  tool: { name: "bash", sideEffect: "irreversible" },
  access: [{ kind: "command", source, cwd: workspace }],
  workspace,
});
const long = Array.from(
  { length: 30 },
  (_, index) => `git log -${index} | rg "a$(ls src/${index})" > out/${index}`,
);
const calls: Readonly<Record<string, EffectRequest>> = {
  "read a file": {
    tool: { name: "read", sideEffect: "pure" },
    access: [{ kind: "read", path: "src/a.ts" }],
    workspace,
  },
  "write a file": {
    tool: { name: "write", sideEffect: "idempotent" },
    access: [{ kind: "write", path: "src/a.ts" }],
    workspace,
  },
  "npm test": command("npm test"),
  "a pipeline": command("cd src && git diff --stat HEAD~3 -- a b | rg -n 'x' | sort > ../out.txt 2>&1"),
  "a script of 30 lines": command(long.join("\n")),
};

const named = Object.entries(calls).flatMap(([name, call]) =>
  Object.entries(flows).map(([where, flow]) => ({ name: `${name}${where}`, call, flow })),
);
const samples = new Map<string, number[]>(named.map(({ name }) => [name, []]));
for (let round = 0; round < 4_000; round++) {
  for (const { name, call, flow } of named) {
    const { involuntaryContextSwitches: before } = process.resourceUsage();
    const startedAt = performance.now();
    decide(call, flow);
    const ms = performance.now() - startedAt;
    // The first ones are the compiler's, and some are other programs' that took the core.
    const isOwn = process.resourceUsage().involuntaryContextSwitches === before;
    if (round >= 1_000 && isOwn) samples.get(name)?.push(ms);
  }
}
const usual = [...samples].flatMap(([name, times]) => (name.startsWith("a script of 30 lines") ? [] : times));
printReport(
  {
    bench: "policy",
    rows: [...samples].map(([name, times]) => ({
      decision: name,
      "p50 µs": rounded(quantile(times, 0.5) * 1_000),
      "p99 µs": rounded(quantile(times, 0.99) * 1_000),
    })),
    goals: [{ what: "p99 of a usual decision", measured: quantile(usual, 0.99), unit: "ms", limit: 0.3 }],
    notes: ["A usual decision is about one file or one line of shell; a long script costs by its length."],
  },
  json,
);
