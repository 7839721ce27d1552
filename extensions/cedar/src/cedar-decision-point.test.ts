import { describeDecisionPoint } from "@tau/pipeline/testing";
import type { DecisionRule } from "@tau/pipeline/testing";
import { describe, expect, test } from "vitest";

import { createCedarDecisionPoint } from "./cedar-decision-point.ts";

const text = (value: string): string => JSON.stringify(value);

function toCedar({ effect, scope, action, resource }: DecisionRule): string {
  const conditions = [
    `resource.kind == ${text(resource.kind)} && resource.name == ${text(resource.name)}`,
    ...(scope === undefined ? [] : [`principal.scopes.contains(${text(scope)})`]),
  ];
  const verb = effect === "allow" ? "permit" : "forbid";
  const scopeOfAction = action === undefined ? "action" : `action == Action::${text(action)}`;
  return `${verb}(principal, ${scopeOfAction}, resource) when { ${conditions.join(" && ")} };`;
}

describeDecisionPoint("createCedarDecisionPoint()", (rules) =>
  createCedarDecisionPoint({ policies: rules.map(toCedar).join("\n") }),
);

describe("createCedarDecisionPoint()", () => {
  const { signal } = new AbortController();
  const request = {
    tenant: "acme",
    principal: { id: "ada", kind: "person", scopes: ["a"] },
    action: "invoke",
    resource: { kind: "model", name: "x" },
  } as const;
  const permit = "permit(principal, action, resource);";

  test("takes a policy that fails for a denial, though Cedar would go on without it", () => {
    const point = createCedarDecisionPoint({
      policies: `${permit}\nforbid(principal, action, resource) when { principal.missing == 1 };`,
    });
    expect(() => point.decide(request, signal)).toThrowError(
      expect.objectContaining({ code: "cedar.undecided", message: expect.stringContaining("policy1") }),
    );
  });

  test.each([
    ["permit(", undefined],
    [permit, "entity"],
    [
      'permit(principal, action, resource) when { principal.nmae == "x" };',
      `entity Principal = { kind: String, scopes: Set<String>, tenant: String };
       entity Resource = { kind: String, name: String };
       action invoke appliesTo { principal: Principal, resource: Resource, context: { tenant: String } };`,
    ],
  ])("refuses policies that cannot be read or do not fit their schema: %s", (policies, schema) => {
    const options = schema === undefined ? { policies } : { policies, schema };
    expect(() => createCedarDecisionPoint(options)).toThrowError(
      expect.objectContaining({ code: "cedar.invalid" }),
    );
  });

  test("denies a request that does not fit the schema", () => {
    const point = createCedarDecisionPoint({
      policies: permit,
      schema: `entity Principal = { kind: String, scopes: Set<String>, tenant: String };
        entity Resource = { kind: String, name: String };
        action invoke appliesTo { principal: Principal, resource: Resource, context: { tenant: String } };`,
    });
    expect(point.decide(request, signal)).toMatchObject({ allowed: true });
    expect(() => point.decide({ ...request, action: "delete" }, signal)).toThrowError(
      expect.objectContaining({ code: "cedar.undecided" }),
    );
  });
});
