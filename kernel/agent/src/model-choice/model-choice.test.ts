import { describe, expect, test } from "vitest";

import { startLoopback } from "../testing/loopback.ts";
import { resolveChatModel, resolveTier } from "./resolve-chat-model.ts";
import { resolveRouterBaseUrl } from "./resolve-router-base-url.ts";
import { validateChatModelId } from "./validate-chat-model-id.ts";
import { withConfiguredModels } from "./with-configured-models.ts";

describe("resolveChatModel()", () => {
  test("takes the first candidate that is not blank, and says whose it is", () => {
    const candidates = [
      { source: "flag", model: undefined },
      { source: "session", model: "  " },
      { source: "workspace", model: " openai/gpt-5.2 " },
      { source: "user", model: "other" },
    ];

    expect(resolveChatModel(candidates, "default")).toEqual({ model: "openai/gpt-5.2", source: "workspace" });
  });

  test("takes the fallback when nobody named one", () => {
    expect(resolveChatModel([{ source: "flag", model: null }], "gpt-5.2")).toEqual({
      model: "gpt-5.2",
      source: "fallback",
    });
  });
});

describe("resolveTier()", () => {
  const tiers = { default: "gpt-5.2", fast: "gpt-5-mini", reasoning: " " };

  test("takes what is configured, or the default", () => {
    expect(resolveTier("fast", tiers)).toEqual({ model: "gpt-5-mini", source: "tier fast" });
    expect(resolveTier("reasoning", tiers)).toEqual({ model: "gpt-5.2", source: "tier default" });
  });

  test("never lets local become somebody else's", () => {
    expect(() => resolveTier("local", tiers)).toThrow(expect.objectContaining({ code: "choice.no_tier" }));
  });

  test("refuses an id that could not exist", () => {
    expect(() => resolveTier("fast", { fast: "a b" })).toThrow(
      expect.objectContaining({ code: "choice.no_tier" }),
    );
  });
});

describe("resolveRouterBaseUrl()", () => {
  test("takes the first variable that is set, and says which", () => {
    expect(
      resolveRouterBaseUrl({ TAU_ROUTER_URL: " ", TAU_ROUTER_BASE_URL: "http://127.0.0.1:9/v1/" }),
    ).toEqual({ url: "http://127.0.0.1:9/v1", source: "TAU_ROUTER_BASE_URL" });
    expect(
      resolveRouterBaseUrl({ TAU_ROUTER_URL: "https://a.example", TAU_ROUTER_BASE_URL: "https://b.example" }),
    ).toEqual({ url: "https://a.example", source: "TAU_ROUTER_URL" });
  });

  test.each([
    [{}],
    [{ TAU_ROUTER_URL: "ftp://a.example" }],
    [{ TAU_ROUTER_URL: "https://me:hidden@a.example" }],
  ])("sends nothing anywhere when the environment says %j", (env) => {
    expect(() => resolveRouterBaseUrl(env)).toThrow(
      expect.objectContaining({
        code: "choice.router_not_configured",
        message: expect.not.stringContaining("hidden"),
      }),
    );
  });
});

describe("validateChatModelId()", () => {
  const models = [{ id: "gpt-5.2", aliases: ["latest"], provider: "openai" }];
  const loadModels = () => Promise.resolve(models);

  test("does not load the list for an id that is allowed anyway", async () => {
    const verdict = await validateChatModelId(" mine ", {
      allowlist: ["mine"],
      loadModels: () => Promise.reject(new Error("must not be asked")),
    });

    expect(verdict).toEqual({ succeeded: true, model: "mine", source: "allowlist" });
  });

  test.each([["gpt-5.2"], ["latest"], ["openai/gpt-5.2"]])("finds %s in the list", async (id) => {
    expect(await validateChatModelId(id, { loadModels })).toEqual({
      succeeded: true,
      model: id,
      source: "models",
    });
  });

  test.each([
    ["GPT-5.2", "choice.not_allowed"],
    ["azure/gpt-5.2", "choice.not_allowed"],
    ["gpt-5.2; rm", "choice.invalid_id"],
    ["", "choice.invalid_id"],
    [undefined, "choice.invalid_id"],
    ["x".repeat(201), "choice.invalid_id"],
  ])("refuses %j", async (id, code) => {
    expect(await validateChatModelId(id, { loadModels })).toMatchObject({
      succeeded: false,
      error: { code },
    });
  });

  test("fails closed when there is nothing to look an id up in, or it cannot be read", async () => {
    expect(await validateChatModelId("gpt-5.2", {})).toMatchObject({
      succeeded: false,
      error: { code: "choice.not_allowed" },
    });
    expect(
      await validateChatModelId("gpt-5.2", { loadModels: () => Promise.reject(new Error("down")) }),
    ).toMatchObject({ succeeded: false, error: { code: "choice.list_unavailable", class: "permanent" } });
    expect(
      await validateChatModelId("gpt-5.2", { loadModels: async () => JSON.parse("[null]") }),
    ).toMatchObject({ succeeded: false, error: { code: "choice.list_unavailable" } });
  });

  test.each([["/v1"], [""], ["/"]])("asks the router at its address%s", async (path) => {
    await using server = await startLoopback((request, response) => {
      response.writeHead(request.url === "/v1/models" ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify({ data: [{ id: "openai/gpt-5.2" }] }));
    });
    const routerBaseUrl = `${server.url}${path}`;

    expect(await validateChatModelId("openai/gpt-5.2", { routerBaseUrl })).toMatchObject({ succeeded: true });
    expect(await validateChatModelId("openai/gpt-9", { routerBaseUrl })).toMatchObject({ succeeded: false });
  });

  test("may be asked again when the router was only busy", async () => {
    await using server = await startLoopback((_request, response) => {
      response.writeHead(503).end();
    });

    expect(await validateChatModelId("any", { routerBaseUrl: server.url })).toMatchObject({
      error: { code: "choice.list_unavailable", class: "retryable" },
    });
  });

  test("ends with the caller's reason", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);

    await expect(
      validateChatModelId("any", { signal, loadModels: (given) => Promise.reject(given.reason) }),
    ).rejects.toBe(reason);
  });
});

describe("withConfiguredModels()", () => {
  const listed = [{ id: "gpt-5.2", provider: "openai", aliases: ["best"] }, { id: "glm-5" }];

  test("puts what the list lacks before it, once and in order", () => {
    const models = withConfiguredModels(listed, ["ours-2", " ours-1 ", "ours-2", "glm-5"]);

    expect(models.map(({ id }) => id)).toEqual(["ours-2", "ours-1", "gpt-5.2", "glm-5"]);
  });

  test("knows a listed model by all of its names", () => {
    expect(withConfiguredModels(listed, ["openai/gpt-5.2", "best"])).toEqual(listed);
  });

  test("lets what is configured be asked for", async () => {
    const loadModels = async () => withConfiguredModels(listed, ["ours"]);

    expect(await validateChatModelId("ours", { loadModels })).toMatchObject({
      succeeded: true,
      model: "ours",
    });
  });

  test("refuses an id that no model could have", () => {
    expect(() => withConfiguredModels(listed, ["two words"])).toThrow(
      expect.objectContaining({ code: "choice.invalid_id" }),
    );
  });
});
