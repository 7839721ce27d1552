import { joinLabels, untrusted, workspaceLabel } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createPermissionPolicy } from "../permissions/permission-policy.ts";
import { renderExplanation } from "../permissions/render-explanation.ts";
import { explainFlow, explainWithFlow } from "./explain-flow.ts";
import { createFlowControl } from "./flow-control.ts";
import type { FlowContext } from "./flow-control.ts";
import { bashCall, callOf, infoOf, workspace } from "./flow.test.support.ts";

const web = untrusted("web:example.org");
const secret = joinLabels({ ...workspaceLabel, secrets: ["NPM_TOKEN"] });
const layers = [
  { layer: "admin", rules: {}, flow: [{ effect: "write", decision: "deny" }], source: "/etc/tau" },
  {
    layer: "user",
    rules: {},
    flow: [{ effect: "any", decision: "ask", integrity: "user", confidentiality: "secret" }],
  },
] as const;
const flow = createFlowControl(infoOf(), { layers, home: "/home/ada" });
const write = callOf([{ kind: "write", path: `${workspace}/a` }], { sideEffect: "idempotent" });

describe("explainFlow()", () => {
  test("says what was shown, what the call is, and what every rule of every layer says to it", () => {
    const told = explainFlow(flow, write, { label: web, acted: false });

    expect(told).toMatchObject({
      decision: "deny",
      layer: "admin",
      label: web,
      acted: false,
      kinds: ["write"],
      layers: [
        {
          layer: "everywhere",
          rules: [{ rule: "flow(external)", match: "no", why: "the call is write" }, {}, {}],
        },
        {
          layer: "admin",
          source: "/etc/tau",
          verdict: "deny",
          rules: [
            {
              rule: "flow(write)",
              match: "yes",
              why: "the call is write, and what was shown is untrusted, public",
            },
          ],
        },
        {
          layer: "user",
          rules: [
            { rule: "flow(any after user secret)", match: "no", why: "what was shown is untrusted, public" },
          ],
        },
      ],
      ruleOfTwo: { count: 2, applies: false },
    });
    expect(told.layers[2]).not.toHaveProperty("verdict");
  });

  test("counts untrusted text, secrets and deeds, of before and of the call", () => {
    const plain = createFlowControl(infoOf());
    const context: FlowContext = { label: joinLabels(web, secret), acted: false, before: ["read"] };

    expect(explainFlow(plain, write, context)).toMatchObject({
      decision: "ask",
      rule: "flow(rule of two)",
      ruleOfTwo: {
        before: { untrusted: true, sensitive: true, acts: false },
        call: { untrusted: false, sensitive: false, acts: true },
        count: 3,
        applies: true,
      },
    });
  });

  test("says that a command is asked about by what it really changes, where it can be tried first", () => {
    const plain = createFlowControl(infoOf());
    const context = { label: web, acted: false };

    expect(explainFlow(plain, bashCall("make"), context)).not.toHaveProperty("review");
    const tried = explainFlow(plain, { ...bashCall("make"), canBeTried: true }, context);
    expect(tried).toMatchObject({ decision: "ask", review: true });
    const headless = createFlowControl(infoOf(), { approvals: "never" });
    expect(explainFlow(headless, { ...bashCall("make"), canBeTried: true }, context)).toMatchObject({
      decision: "ask",
      review: true,
    });
  });
});

describe("explainWithFlow()", () => {
  const policy = createPermissionPolicy({ profile: "workspace-write", approvals: "ask", enforced: true });
  const ruled = policy.explain({
    tool: { name: "write", sideEffect: "idempotent" },
    access: [{ kind: "write", path: "a" }],
    workspace,
  });

  test("comes to the stricter of the two, in text and as data", () => {
    const told = explainWithFlow(ruled, explainFlow(flow, write, { label: web, acted: true }));

    expect(ruled.decision).toBe("allow");
    expect(told).toMatchObject({ decision: "deny", rule: "flow(write)", effects: [{ decision: "allow" }] });
    const text = renderExplanation(told);
    expect(text).toContain("├─ deny  the flow of information");
    expect(text).toContain(
      "the model was shown: untrusted, public (web:example.org); something was changed or sent",
    );
    expect(text).toContain("✓ deny flow(write)");
    expect(text).not.toContain("flow(external)");
    expect(text).toContain(
      "Rule of Two: shown or done before: untrusted text, deeds; by this call: deeds; 2 of 3",
    );
    expect(text).toContain("and of the flow of information (1 allow, 1 deny): deny");
    expect(renderExplanation(told, { everyRule: true })).toContain("– ask flow(external): the call is write");
  });

  test("leaves the rules' decision where information may flow", () => {
    const told = explainWithFlow(ruled, explainFlow(flow, write, { label: workspaceLabel, acted: false }));
    const { flow: told2, ...rest } = told;

    expect(told2?.decision).toBe("allow");
    expect(rest).toEqual(ruled);
  });
});
