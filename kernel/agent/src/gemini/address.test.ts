import { createCallContext } from "@tau/core";
import { describe, expect, test } from "vitest";

import { completeAnswer } from "../complete-answer.ts";
import type { HttpTransport } from "../http/http-transport.ts";
import type { Model } from "../model.ts";
import { hello } from "../testing/read-all.ts";
import { startScriptedServer } from "../scripted/server.ts";
import { createGemini } from "./gemini.ts";
import { createVertexGemini } from "./vertex.ts";

const context = createCallContext({
  tenant: "acme",
  principal: { id: "ada", kind: "person", scopes: [] },
});

/** Where a model sends its question, and with what proof; nothing leaves this process. */
async function asked(create: (transport: HttpTransport) => Model): Promise<readonly [string, unknown]> {
  let seen: readonly [string, unknown] = ["", {}];
  const transport: HttpTransport = {
    async post({ url, headers }) {
      const { authorization, "x-goog-api-key": key } = headers;
      seen = [url.href, { authorization, key }];
      throw new Error("enough");
    },
    async [Symbol.asyncDispose]() {},
  };
  await completeAnswer(create(transport), hello, context).catch(() => undefined);
  return seen;
}

describe("createGemini()", () => {
  test.each([
    ["gemini-3-flash", "models/gemini-3-flash"],
    ["models/gemini-3-flash", "models/gemini-3-flash"],
    ["tunedModels/mine", "tunedModels/mine"],
    ["a?b#c", "models/a%3Fb%23c"],
  ])("asks the Gemini API for %s, with the key in a header", async (model, path) => {
    expect(await asked((transport) => createGemini({ model, apiKey: "k", transport }))).toEqual([
      `https://generativelanguage.googleapis.com/v1beta/${path}:streamGenerateContent?alt=sse`,
      { authorization: undefined, key: "k" },
    ]);
  });

  test("keeps the query of a gateway's address", async () => {
    const baseUrl = "http://gateway/gemini/v1beta?team=a";

    expect((await asked((transport) => createGemini({ model: "m", baseUrl, transport })))[0]).toBe(
      "http://gateway/gemini/v1beta/models/m:streamGenerateContent?team=a&alt=sse",
    );
  });

  test("refuses a base URL that is none", () => {
    expect(() => createGemini({ model: "m", baseUrl: "localhost" })).toThrow(
      expect.objectContaining({ code: "model.invalid_request" }),
    );
  });
});

describe("createVertexGemini()", () => {
  const vertex = (path: string): string => `${path}:streamGenerateContent?alt=sse`;

  test.each([
    [undefined, "aiplatform.googleapis.com", "global"],
    ["europe-west4", "europe-west4-aiplatform.googleapis.com", "europe-west4"],
    ["eu", "aiplatform.eu.rep.googleapis.com", "eu"],
  ])("asks Google Cloud in %s, with a fresh token", async (location, host, place) => {
    let tokens = 0;
    const seen = await asked((transport) =>
      createVertexGemini({
        model: "gemini-3-flash",
        project: "p",
        ...(location === undefined ? {} : { location }),
        accessToken: async () => `t${++tokens}`,
        transport,
      }),
    );

    expect(seen).toEqual([
      vertex(`https://${host}/v1beta1/projects/p/locations/${place}/publishers/google/models/gemini-3-flash`),
      { authorization: "Bearer t1", key: undefined },
    ]);
  });

  test("asks with an API key where there is no project", async () => {
    expect(await asked((transport) => createVertexGemini({ model: "m", apiKey: "k", transport }))).toEqual([
      vertex("https://aiplatform.googleapis.com/v1beta1/publishers/google/models/m"),
      { authorization: undefined, key: "k" },
    ]);
  });

  test.each([
    ["publishers/other/models/m", "projects/p/locations/global/publishers/other/models/m"],
    ["endpoints/1", "projects/p/locations/global/endpoints/1"],
    ["projects/q/locations/us-east5/endpoints/1", "projects/q/locations/us-east5/endpoints/1"],
  ])("takes the path of %s as it is", async (model, path) => {
    const seen = await asked((transport) =>
      createVertexGemini({ model, project: "p", accessToken: "t", transport }),
    );

    expect(seen[0]).toBe(vertex(`https://aiplatform.googleapis.com/v1beta1/${path}`));
  });

  test.each([
    [{ accessToken: "t" }, "project is missing"],
    [{ project: "p", apiKey: "k", accessToken: "t" }, "both given"],
    [{ project: "p", accessToken: "t", location: "evil.example/" }, "location is not a region"],
  ])("refuses %j", (options, problem) => {
    expect(() => createVertexGemini({ model: "m", ...options })).toThrow(
      expect.objectContaining({
        code: "model.invalid_request",
        message: expect.stringContaining(problem),
      }),
    );
  });

  test("never shows its token", async () => {
    await using server = await startScriptedServer({ turns: [{ text: "Hi" }] }, { apiKey: "right" });
    const model = createVertexGemini({
      baseUrl: server.url,
      model: "scripted",
      project: "p",
      accessToken: "secret-token",
    });
    const error: unknown = await completeAnswer(model, hello, context).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: "model.auth" });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("secret-token");
  });
});
