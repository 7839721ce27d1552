import { untrusted, userLabel, workspaceLabel } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { PermissionLayer } from "../permissions/rule.ts";
import { checkFlowRules } from "./check-flow-rules.ts";
import { createFlowControl } from "./flow-control.ts";
import type { FlowRule } from "./flow-rule.ts";
import { infoOf } from "./flow.test.support.ts";

const home = "/home/ada";
const check = (rule: FlowRule): void => checkFlowRules([rule], home);
const web = untrusted("web:example.org");

describe("checkFlowRules()", () => {
  test.each<[FlowRule["effect"], string, string]>([
    ["write", "write(src/a.ts)", "read(src/a.ts)"],
    ["write", "write(src/a.ts)", "write(.github/workflows/ci.yml)"],
    ["persist", "write(AGENTS.md)", "write(src/a.ts) after untrusted"],
    ["irreversible", "write(../b)", "write(src/a.ts)"],
    ["read_secret", "read(~/.ssh/id_ed25519)", "read(src/a.ts)"],
    ["command", "bash(make all)", "network(example.org)"],
    ["external", "network(example.org) after untrusted secret", "network(example.org) after workspace"],
    ["irreversible", "send(example.org)", "network(example.org)"],
    ["external", "external", "irreversible"],
    ["any", "read(src/a.ts)", "bash(make) after user"],
  ])("runs the examples of a rule about %s: %s, and not %s", (effect, yes, no) => {
    const rule = { effect, decision: "ask" } as const;

    check({ ...rule, match: [yes], notMatch: [no] });
    for (const wrong of [{ match: [no] }, { notMatch: [yes] }])
      expect(() => check({ ...rule, ...wrong })).toThrow(
        expect.objectContaining({ code: "permission.example_failed" }),
      );
  });

  test("takes an example without a label for what the rule is about at least", () => {
    const secrets = {
      effect: "write",
      decision: "deny",
      integrity: "user",
      confidentiality: "secret",
    } as const;

    check({
      ...secrets,
      match: ["write(a)", "write(a) after untrusted secret"],
      notMatch: ["write(a) after untrusted"],
    });
    expect(() => check({ ...secrets, match: ["write(a) after untrusted"] })).toThrow(
      'The deny rule "flow(write after user secret)" does not apply to "write(a) after untrusted" (write), against its match example.',
    );
  });

  test.each<[string, object, string]>([
    [
      "effect",
      { effect: "wirte", decision: "ask" },
      'has the effect "wirte", which is none. Write one of any, read,',
    ],
    [
      "decision",
      { effect: "any", decision: "allow" },
      'has the decision "allow", which is none. Write one of ask, deny',
    ],
    ["integrity", { effect: "any", decision: "ask", integrity: "low" }, 'has the integrity "low"'],
    [
      "confidentiality",
      { effect: "any", decision: "ask", confidentiality: "top" },
      'has the confidentiality "top"',
    ],
    [
      "example",
      { effect: "any", decision: "ask", match: ["make"] },
      'has the example "make". Write an effect',
    ],
    ["label", { effect: "any", decision: "ask", match: ["write after tea"] }, 'has an example after "tea"'],
  ])("names the %s that makes no sense, and says how to write it", (_, written, message) => {
    // As from a file, or from JavaScript.
    const rules: readonly FlowRule[] = JSON.parse(JSON.stringify([written]));

    expect(() => checkFlowRules(rules, home)).toThrow(
      expect.objectContaining({ code: "permission.invalid_rule", message: expect.stringContaining(message) }),
    );
  });
});

describe("the flow rules of layers", () => {
  const layers: readonly PermissionLayer[] = [
    {
      layer: "admin",
      source: "/etc/a",
      rules: {},
      flow: [{ effect: "external", decision: "deny", reason: "Ask Ada." }],
    },
    {
      layer: "project",
      source: "tau.toml",
      rules: {},
      trusted: false,
      flow: [{ effect: "write", decision: "ask" }],
    },
  ];
  const flow = createFlowControl(infoOf(), { layers, home });

  test("decide with those that hold everywhere, in the name of their layer, also before it is trusted", () => {
    expect(flow.decide(["external"], { label: web, acted: false })).toEqual({
      decision: "deny",
      layer: "admin",
      rule: "flow(external)",
      reason:
        "Ask Ada. This tells somebody outside something, and the model asked for it after it was shown untrusted content from web:example.org.",
    });
    expect(flow.decide(["write"], { label: web, acted: false })).toMatchObject({
      decision: "ask",
      layer: "project",
    });
    expect(flow.decide(["persist"], { label: web, acted: false })).not.toHaveProperty("layer");
    for (const label of [userLabel, workspaceLabel])
      expect(flow.decide(["external", "write"], { label, acted: false }).decision).toBe("allow");
  });

  test("are not used when an example of one does not hold", () => {
    const wrong = {
      layer: "user",
      rules: {},
      flow: [{ effect: "write", decision: "ask", match: ["read(a)"] }],
    } as const;

    expect(() => createFlowControl(infoOf(), { layers: [wrong], home })).toThrow(
      expect.objectContaining({ code: "permission.example_failed" }),
    );
    expect(() => createFlowControl(infoOf(), { rules: wrong.flow, home })).toThrow("read(a)");
  });

  test("count a word of a label that nobody knows as the worst", () => {
    const label = JSON.parse('{"integrity":"alien","origins":[],"confidentiality":"alien","secrets":[]}');

    expect(flow.decide(["write"], { label, acted: false }).decision).toBe("ask");
  });
});
