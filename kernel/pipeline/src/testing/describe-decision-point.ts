import type { AccessRequest, PolicyDecisionPoint, Principal } from "@tau/core";
import { describe, expect, test } from "vitest";

/** A rule that every kind of decision point can express. */
export interface DecisionRule {
  readonly effect: "allow" | "deny";
  /** Left out, the rule is for everybody. */
  readonly scope?: string;
  /** Left out, the rule is about every action. */
  readonly action?: string;
  readonly resource: { readonly kind: string; readonly name: string };
}

const ada: Principal = { id: "ada", kind: "person", scopes: ["b", "a", "unused"] };
const model = { kind: "model", name: "acme/large" };
const request: AccessRequest = { tenant: "acme", principal: ada, action: "invoke", resource: model };
const { signal } = new AbortController();

/** Checks the contract of {@link PolicyDecisionPoint} on one that `create` makes out of rules. */
export function describeDecisionPoint(
  name: string,
  create: (rules: readonly DecisionRule[]) => PolicyDecisionPoint,
): void {
  const allowedBy = async (
    rules: readonly DecisionRule[],
    asked: Partial<AccessRequest> = {},
  ): Promise<boolean> => (await create(rules).decide({ ...request, ...asked }, signal)).allowed;

  describe(`${name}, a decision point`, () => {
    test("denies what no rule allows, and says so", async () => {
      expect(await create([]).decide(request, signal)).toMatchObject({
        allowed: false,
        reason: expect.stringContaining("acme/large"),
        scopes: [],
      });
    });

    test("allows what a rule allows, and names scopes that the principal has", async () => {
      const decision = await create([{ effect: "allow", scope: "a", resource: model }]).decide(
        request,
        signal,
      );

      expect(decision.allowed).toBe(true);
      expect(decision.scopes).toContain("a");
      expect(decision.scopes.filter((scope) => !ada.scopes.includes(scope))).toEqual([]);
      expect(decision.scopes).toEqual([...decision.scopes].toSorted((x, y) => (x < y ? -1 : 1)));
    });

    test("lets a denial beat every permission, whatever the order", async () => {
      const allow: DecisionRule = { effect: "allow", resource: model };
      const deny: DecisionRule = { effect: "deny", scope: "b", resource: model };
      expect(await allowedBy([allow, deny])).toBe(false);
      expect(await allowedBy([deny, allow])).toBe(false);
      expect(await allowedBy([allow, { ...deny, scope: "other" }])).toBe(true);
    });

    test("looks at the scope, the action, the kind and the name, each", async () => {
      const rules: readonly DecisionRule[] = [
        { effect: "allow", scope: "a", action: "invoke", resource: model },
      ];
      expect(await allowedBy(rules)).toBe(true);
      expect(await allowedBy(rules, { principal: { ...ada, scopes: ["b"] } })).toBe(false);
      expect(await allowedBy(rules, { action: "delete" })).toBe(false);
      expect(await allowedBy(rules, { resource: { ...model, kind: "tool" } })).toBe(false);
      expect(await allowedBy(rules, { resource: { ...model, name: "acme/larger" } })).toBe(false);
    });

    test("takes names for names, whatever is in them", async () => {
      for (const odd of [
        'a"b',
        "a\\",
        "a\nb",
        '"] }; permit(principal, action, resource); //',
        "é\u202e",
        "",
      ]) {
        const rules: readonly DecisionRule[] = [
          { effect: "allow", resource: { kind: "model", name: `x${odd}` } },
        ];
        expect(await allowedBy(rules, { resource: { kind: "model", name: `x${odd}` } })).toBe(true);
        expect(await allowedBy(rules, { resource: { kind: "model", name: `y${odd}` } })).toBe(false);
        expect(await allowedBy(rules, { principal: { ...ada, id: odd }, action: odd })).toBe(false);
      }
    });

    test("decides the same again, also at the same time", async () => {
      const point = create([{ effect: "allow", scope: "a", resource: model }]);
      const asked = Array.from({ length: 20 }, (_, index) => ({
        ...request,
        principal: index % 2 === 0 ? ada : { ...ada, scopes: [] },
      }));
      const decided = await Promise.all(asked.map(async (one) => (await point.decide(one, signal)).allowed));
      expect(decided).toEqual(asked.map((_, index) => index % 2 === 0));
    });
  });
}
