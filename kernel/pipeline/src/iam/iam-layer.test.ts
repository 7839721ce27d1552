import type { AccessRequest, PolicyDecisionPoint, Principal } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { Layer } from "../layer.ts";
import { withLayers } from "../pipeline.ts";
import { contextOf, hello, playing, question, readAll } from "../pipeline.test.support.ts";
import { describeLayer } from "../testing/describe-layer.ts";
import { iamLayer } from "./iam-layer.ts";
import { createScopePolicy } from "./scope-policy.ts";
import type { ScopeRule } from "./scope-policy.ts";

const ada: Principal = { id: "ada", kind: "person", scopes: ["b", "a", "unused"] };

const allowAll = createScopePolicy([{ effect: "allow", resources: ["model:*"] }]);

async function failure(policy: PolicyDecisionPoint): Promise<unknown> {
  const played = playing([hello]);
  const pipeline = withLayers(played.model, iamLayer({ policy }));
  const error = await readAll(pipeline.stream(question, contextOf({ principal: ada }))).catch(
    (thrown: unknown) => thrown,
  );
  expect(played.calls()).toBe(0);
  return error;
}

describe("iamLayer()", () => {
  test("asks whether the principal may invoke the model, and records the scopes it rests on", async () => {
    const policy = createScopePolicy([
      { effect: "allow", scope: "b", actions: ["invoke"], resources: ["model:test/*"] },
      { effect: "allow", scope: "a", resources: ["model:*"] },
    ]);
    const pipeline = withLayers(playing([hello]).model, iamLayer({ policy }));
    const { record, stream } = pipeline.start(question, contextOf({ principal: ada }));
    await readAll(stream);

    expect(record.allowedScopes).toEqual(["a", "b"]);
  });

  test("denies what no rule allows, and says what to do", async () => {
    expect(await failure(createScopePolicy([]))).toMatchObject({
      code: "iam.denied",
      class: "auth",
      message:
        'The principal may not use model "test-1" of provider "test": no rule allows invoke on model "test/test-1". Ask for the scope, or use another model.',
    });
  });

  test("takes a policy that throws for a denial, at once or later", async () => {
    const down = { code: "iam.unavailable", message: expect.not.stringContaining("secret") };

    expect(
      await failure({
        decide() {
          throw new Error("secret");
        },
      }),
    ).toMatchObject(down);
    expect(await failure({ decide: () => Promise.reject(new Error("secret")) })).toMatchObject(down);
  });

  test("takes only a clear yes for a permission", async () => {
    const vague = { allowed: "yes", reason: "", scopes: [] };
    const policy: PolicyDecisionPoint = { decide: () => JSON.parse(JSON.stringify(vague)) };

    expect(await failure(policy)).toMatchObject({ code: "iam.denied" });
  });

  test("takes a yes that rests on no scopes it names for a denial", async () => {
    const policy: PolicyDecisionPoint = { decide: () => JSON.parse('{"allowed":true,"reason":""}') };

    expect(await failure(policy)).toMatchObject({ code: "iam.denied" });
  });

  test("skips denied candidates, and goes on with the others", async () => {
    const cheap = playing([hello], { id: "cheap" });
    const dear = playing([hello], { id: "dear" });
    const routing: Layer = {
      name: "routing",
      wrap: (next) => next,
      candidates: () => [dear.model, cheap.model],
    };
    const policy = createScopePolicy([
      { effect: "allow", resources: ["model:*"] },
      { effect: "deny", resources: ["model:test/dear"] },
    ]);
    const pipeline = withLayers(dear.model, iamLayer({ policy }), routing);
    const { record, stream } = pipeline.start(question, contextOf());
    await readAll(stream);

    expect([dear.calls(), cheap.calls()]).toEqual([0, 1]);
    expect(record.skipped).toEqual([
      { provider: "test", model: "dear", reasons: ['denied: a rule denies invoke on model "test/dear"'] },
    ]);
  });

  test("lets routing say why there is no candidate at all", async () => {
    const none = new Error("none");
    const routing: Layer = {
      name: "routing",
      wrap: () => () => {
        throw none;
      },
      candidates: () => [],
    };
    const pipeline = withLayers(playing([hello]).model, iamLayer({ policy: allowAll }), routing);

    await expect(readAll(pipeline.stream(question, contextOf()))).rejects.toBe(none);
  });

  test("lets go of a policy that does not obey its signal", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const policy: PolicyDecisionPoint = {
      decide() {
        controller.abort(reason);
        return new Promise(() => undefined);
      },
    };
    const pipeline = withLayers(playing([hello]).model, iamLayer({ policy }));
    const stream = pipeline.stream(question, contextOf({ signal: controller.signal }));

    await expect(readAll(stream)).rejects.toBe(reason);
  });
});

describe("createScopePolicy()", () => {
  const request: AccessRequest = {
    tenant: "acme",
    principal: ada,
    action: "invoke",
    resource: { kind: "model", name: "openai/gpt-5.mini" },
  };
  const decide = async (rules: readonly ScopeRule[]): Promise<boolean> =>
    (await createScopePolicy(rules).decide(request, AbortSignal.timeout(1000))).allowed;

  test.each([
    ["a pattern", [{ effect: "allow", resources: ["model:openai/*"] }], true],
    ["the whole name", [{ effect: "allow", resources: ["model:openai/gpt-5.mini"] }], true],
    ["a dot as a dot only", [{ effect: "allow", resources: ["model:openai/gpt-5xmini"] }], false],
    ["not a part of the name", [{ effect: "allow", resources: ["openai/gpt"] }], false],
    ["a scope that is there", [{ effect: "allow", scope: "a", resources: ["*"] }], true],
    ["a scope that is missing", [{ effect: "allow", scope: "c", resources: ["*"] }], false],
    ["another action", [{ effect: "allow", actions: ["read"], resources: ["*"] }], false],
    [
      "deny before allow, whatever their order",
      [
        { effect: "deny", scope: "a", resources: ["model:openai/*"] },
        { effect: "allow", resources: ["*"] },
      ],
      false,
    ],
  ] as const)("matches %s", async (_name, rules, allowed) => {
    expect(await decide(rules)).toBe(allowed);
  });
});

describeLayer("iamLayer() that decides at once", () => ({
  layers: [iamLayer({ policy: allowAll })],
  held: () => 0,
}));

describeLayer("iamLayer() that decides later", () => ({
  layers: [iamLayer({ policy: { decide: async (...args) => await allowAll.decide(...args) } })],
  held: () => 0,
}));
