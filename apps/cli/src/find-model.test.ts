import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Place } from "./cli.test.support.ts";
import { ollamaUrl } from "./ollama.ts";
import { usualApi } from "./usual-api.ts";

interface FakeServer extends AsyncDisposable {
  readonly host: string;
  readonly url: string;
}

async function startServer(handle: RequestListener): Promise<FakeServer> {
  const server = createServer(handle);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address: AddressInfo | string | null = server.address();
  const host = `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  return {
    host,
    url: `http://${host}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function startOllama(models: readonly string[]): Promise<FakeServer> {
  return await startServer((_request, response) => {
    response.end(JSON.stringify({ models: models.map((name) => ({ name })) }));
  });
}

/** What `tau doctor` says of the provider. */
async function provider(place: Place, args: readonly string[], env: Record<string, string>): Promise<string> {
  const { stdout } = await place.tau(["doctor", "--environment", "host", ...args], { env });
  return /^. provider +(.*)$/mu.exec(stdout)?.[1] ?? stdout;
}

describe("the model", () => {
  test("is that of the flags, then of tau.toml, then of the environment, then of Ollama", async () => {
    await using place = await createPlace();
    await using ollama = await startOllama(["qwen3:8b", "other"]);
    const env = { OPENAI_API_KEY: "sk-o", OPENROUTER_API_KEY: "sk-r", OLLAMA_HOST: ollama.host };
    const toml = ["--config", "model.toml"];
    await place.write(
      "model.toml",
      '[model]\nprovider = "anthropic"\nid = "claude-x"\napi_key = "env:KEY"\n',
    );

    expect(await provider(place, ["--provider", "ollama", ...toml], { ...env, KEY: "k" })).toContain(
      "ollama, model qwen3:8b",
    );
    expect(await provider(place, toml, { ...env, KEY: "k" })).toContain("anthropic, model claude-x");
    expect(await provider(place, ["--model", "claude-y", ...toml], { ...env, KEY: "k" })).toContain(
      "anthropic, model claude-y",
    );
    expect(await provider(place, [], { ...env, ANTHROPIC_API_KEY: "sk-a" })).toContain(
      "anthropic, model claude-sonnet-4-5, because ANTHROPIC_API_KEY is set",
    );
    expect(await provider(place, [], env)).toContain("openai, model gpt-5.2");
    expect(await provider(place, [], { GOOGLE_API_KEY: "AIza-g" })).toContain(
      "gemini, model gemini-3.5-flash, because GOOGLE_API_KEY is set",
    );
    expect(await provider(place, [], { OLLAMA_HOST: `http://${ollama.host}/` })).toContain(
      "ollama, model qwen3:8b, because Ollama answers",
    );
    expect(await provider(place, ["--base-url", "http://127.0.0.1:1/v1", "-m", "m"], env)).toContain(
      "compatible, model m",
    );
  });

  test("may be one of Bedrock, with keys and region as the tools of AWS name them", async () => {
    await using place = await createPlace();
    const asked: (string | undefined)[] = [];
    await using bedrock = await startServer((request, response) => {
      asked.push(request.url, request.headers.authorization);
      response.setHeader("content-type", "application/json");
      response.end(
        '{"output":{"message":{"role":"assistant","content":[{"text":"Bonjour."}]}},"stopReason":"end_turn","usage":{}}',
      );
    });
    const env = { AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "secret", AWS_REGION: "eu-west-3" };
    const named = ["--provider", "bedrock", "--model", "eu.amazon.nova-lite-v1:0", "--base-url", bedrock.url];

    const { stdout, code } = await place.tau(["run", "--environment", "host", ...named, "hi"], { env });

    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining("Bonjour.") });
    expect(asked).toEqual([
      "/model/eu.amazon.nova-lite-v1%3A0/converse-stream",
      expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-3\/bedrock\//),
    ]);
  });

  test("may be of any provider that Tau knows, priced as it is there", async () => {
    await using place = await createPlace();
    await using model = await startScripted({
      turns: [{ text: "Hello.", usage: { inputTokens: 1_000, outputTokens: 1_000 } }],
    });
    const env = { GROQ_API_KEY: "sk-g" };
    const named = ["--provider", "groq", "--model", "openai/gpt-oss-20b"];
    const run = ["run", "--environment", "host", ...named, "--base-url", `${model.server.url}/v1`, "hi"];

    expect((await place.tau(run, { env })).code).toBe(0);
    expect(model.server.requests[0]?.headers["authorization"]).toBe("Bearer sk-g");
    // 7.5 cents a million in, 30 out.
    expect((await place.tau(["sessions", "list"])).stdout).toContain("$0.000375");
    // A key alone chooses nobody of whom Tau does not know what to ask.
    expect((await place.tau(["run", "hi"], { env })).stderr).toContain("No model was found");
  });

  test.each([
    ["openai", "/v1"],
    ["compatible", "/v1"],
  ])("of %s at …%s is asked by Responses where --api or tau.toml says so", async (name, path) => {
    await using place = await createPlace();
    await using model = await startScripted({ turns: [{ text: "Hello." }] });
    const address = `${model.server.url}${path}`;
    const named = ["--provider", name, "--model", "gpt-5.2", "--base-url", address];
    await place.write(
      "responses.toml",
      `[model]\nprovider = "${name}"\nid = "gpt-5.2"\napi = "responses"\nbase_url = "${address}"\n`,
    );
    const ask = async (...args: readonly string[]): Promise<unknown> =>
      (await place.tau(["run", "--environment", "host", ...args, "hi"])).code;

    expect(await ask(...named, "--api", "responses")).toBe(0);
    expect(await ask("--config", "responses.toml")).toBe(0);
    expect(await ask("--config", "responses.toml", "--api", "chat")).toBe(0);
    expect(model.server.requests.map(({ path: asked }) => asked)).toEqual([
      `${path}/responses`,
      `${path}/responses`,
      `${path}/chat/completions`,
    ]);
  });

  test.each([
    ["https://api.openai.com/v1", "gpt-5-pro", "responses"],
    ["https://api.openai.com/v1", "o3-pro-2025-06-10", "responses"],
    ["https://eu.api.openai.com/v1", "gpt-5.3-codex", "responses"],
    ["https://api.openai.com/v1", "codex-mini-latest", "responses"],
    ["https://api.openai.com/v1", "o3-deep-research", "responses"],
    ["https://api.openai.com/v1", "gpt-5.2", "chat"],
    ["https://api.openai.com/v1", "prophet", "chat"],
    ["http://litellm:4000/v1", "gemini-2.5-pro", "chat"],
    ["https://api.openai.com.example.org/v1", "gpt-5-pro", "chat"],
  ])("at %s, %s is asked by %s where nobody says", (baseUrl, id, api) => {
    expect(usualApi({ provider: "openai", baseUrl, id })).toBe(api);
    expect(usualApi({ provider: "compatible", baseUrl, id })).toBe("chat");
  });

  test("a gateway under OpenAI's name is asked by chat", async () => {
    await using place = await createPlace();
    await using model = await startScripted({ turns: [{ text: "Hello." }] });
    const at = ["--provider", "openai", "--base-url", `${model.server.url}/v1`, "--model", "gemini-2.5-pro"];

    await place.tau(["run", "--environment", "host", ...at, "hi"]);

    expect(model.server.requests.at(-1)?.path).toBe("/v1/chat/completions");
  });

  test("cannot be asked by Responses where its provider has none", async () => {
    await using place = await createPlace();
    const args = ["run", "--provider", "mistral", "--model", "m", "--api", "responses", "hi"];

    expect(await place.tau(args, { env: { MISTRAL_API_KEY: "k" } })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('The provider "mistral" is not known to speak Responses'),
    });
  });

  test("may be a deployment in Azure, with a key or a token of Entra ID", async () => {
    await using place = await createPlace();
    await using model = await startScripted({ turns: [{ text: "Hello." }] });
    const args = ["run", "--environment", "host", "--provider", "azure", "--model", "my-deployment"];
    const endpoint = { AZURE_OPENAI_ENDPOINT: `${model.server.url}/` };
    const ask = async (env: Record<string, string>, ...more: readonly string[]): Promise<unknown> =>
      (await place.tau([...args, ...more, "hi"], { env })).code;

    expect(await ask({ ...endpoint, AZURE_OPENAI_API_KEY: "key" })).toBe(0);
    expect(await ask({ ...endpoint, AZURE_OPENAI_AD_TOKEN: "eyJ.token" }, "--api", "responses")).toBe(0);
    expect(await ask({ AZURE_OPENAI_API_KEY: "key" })).toBe(2);
    expect(
      model.server.requests.map(({ path, headers }) => [
        path,
        headers["api-key"] ?? headers["authorization"],
      ]),
    ).toEqual([
      ["/openai/v1/chat/completions", "key"],
      ["/openai/v1/responses", "Bearer eyJ.token"],
    ]);
  });

  test.each([
    ["gemini", "/v1beta", "gemini-2.5-flash", /:streamGenerateContent/u],
    ["ollama", "", "qwen3:8b", /^\/api\/chat$/u],
    ["ollama", "/v1", "qwen3:8b", /^\/api\/chat$/u],
    ["anthropic", "", "claude-haiku-4-5", /\/v1\/messages/u],
    ["deepseek", "/v1", "deepseek-v4-pro", /\/chat\/completions$/u],
  ])("of %s at …%s is asked in its own protocol", async (name, path, id, url) => {
    await using place = await createPlace();
    await using model = await startScripted({ turns: [{ text: "Hello." }] });
    const named = ["--provider", name, "--model", id, "--base-url", `${model.server.url}${path}`];

    const { code, stderr } = await place.tau(["run", "--environment", "host", ...named, "hi"]);

    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(model.server.requests.map((request) => request.path)).toEqual([expect.stringMatching(url)]);
  });

  test("of Google is asked with the key that people have for it, or with a token for their project", async () => {
    await using place = await createPlace();
    await using model = await startScripted({ turns: [{ text: "Hello." }] });
    const { requests, url } = model.server;
    const run = async (name: string, version: string, env: Record<string, string>): Promise<void> => {
      const named = ["--provider", name, "--model", "gemini-x", "--base-url", `${url}/${version}`];
      const { code } = await place.tau(["run", "--environment", "host", ...named, "hi"], { env });
      expect(code).toBe(0);
    };
    const cloud = { GOOGLE_CLOUD_PROJECT: "p", GOOGLE_CLOUD_LOCATION: "europe-west4" };
    await run("gemini", "v1beta", { GOOGLE_API_KEY: "AIza-g" });
    await run("gemini", "v1beta", { GOOGLE_API_KEY: "AIza-g", GEMINI_API_KEY: "AIza-m" });
    await run("vertex", "v1", { GOOGLE_API_KEY: "AIza-v" });
    await run("vertex", "v1", { ...cloud, GOOGLE_OAUTH_ACCESS_TOKEN: "ya29.t" });
    await run("vertex", "v1", { ...cloud, GOOGLE_API_KEY: "AIza-v" });

    const asked = requests.map(({ path, headers }) => [
      path.replace(/:.*/u, ""),
      headers["x-goog-api-key"] ?? headers["authorization"],
    ]);
    const home = "/v1/projects/p/locations/europe-west4";
    expect(asked).toEqual([
      ["/v1beta/models/gemini-x", "AIza-g"],
      ["/v1beta/models/gemini-x", "AIza-m"],
      ["/v1/publishers/google/models/gemini-x", "AIza-v"],
      [`${home}/publishers/google/models/gemini-x`, "Bearer ya29.t"],
      [`${home}/publishers/google/models/gemini-x`, "AIza-v"],
    ]);
  });

  test("of Ollama gets room for the tools, as much as its weights read and no more than is said", async () => {
    await using place = await createPlace();
    await using model = await startScripted({ turns: [{ text: "Hello." }] });
    await place.write("model.toml", "[model]\nprovider = 'ollama'\ncontext_window = 9000\n");
    const run = ["run", "--environment", "host", "--model", "qwen3:8b"];
    const env = { OLLAMA_HOST: model.server.url };

    await place.tau([...run, "--provider", "ollama", "hi"], { env });
    await place.tau([...run, "--config", "model.toml", "hi"], { env });
    await place.tau([...run, "--provider", "ollama", "hi"], {
      env: { ...env, OLLAMA_CONTEXT_LENGTH: "65536" },
    });

    expect(model.server.requests.map(({ body }) => body)).toMatchObject([
      { options: { num_ctx: 32_768 } },
      { options: { num_ctx: 9_000 } },
      expect.not.objectContaining({ options: expect.anything() }),
    ]);
  });

  test("that nobody named and nothing offers is not found, with every way to get one", async () => {
    await using place = await createPlace();
    const { code, stderr } = await place.tau(["run", "hi"]);
    for (const way of ["ANTHROPIC_API_KEY", "ollama serve", "--base-url", "tau init", "tau demo"])
      expect(stderr).toContain(way);
    expect(code).toBe(2);
  });

  test.each([
    [["--provider", "compatible", "-m", "m"], "needs an address"],
    [["--base-url", "http://127.0.0.1:1"], "has no default model"],
    [["--provider", "openai"], "export OPENAI_API_KEY"],
    [["--provider", "groq", "-m", "m"], "export GROQ_API_KEY"],
    [["--provider", "gemini"], "export GEMINI_API_KEY"],
    [["--provider", "vertex", "-m", "m"], "export GOOGLE_API_KEY"],
    [["--provider", "ollama"], "start Ollama and pull one"],
  ])("that is half named (%j) is not found, and what is missing is named", async (args, message) => {
    await using place = await createPlace();
    const { code, stderr } = await place.tau(["run", ...args, "hi"]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  test("gets the key of its own section, and another address never does", async () => {
    await using place = await createPlace();
    await using model = await startScripted({ turns: [{ text: "Hello." }] });
    await place.write(
      "model.toml",
      `[model]\nprovider = "compatible"\nid = "m"\nbase_url = "${model.server.url}/v1"\napi_key = "env:KEY"\n`,
    );
    const run = ["run", "--environment", "host", "--config", "model.toml"];
    const env = { KEY: "sk-secret", OPENAI_API_KEY: "sk-openai" };
    expect((await place.tau([...run, "hi"], { env })).code).toBe(0);
    expect((await place.tau([...run, ...model.options, "hi"], { env })).code).toBe(0);
    const keys = model.server.requests.map(({ headers }) => headers["authorization"]);
    expect(keys).toEqual(["Bearer sk-secret", undefined]);
  });
});

test.each([
  [undefined, "http://127.0.0.1:11434"],
  ["", "http://127.0.0.1:11434"],
  ["box", "http://box:11434"],
  ["box:9", "http://box:9"],
  [":9", "http://127.0.0.1:9"],
  ["0.0.0.0", "http://127.0.0.1:11434"],
  ["http://box:9/", "http://box:9"],
  ["https://box", "https://box:443"],
  ["[::1]:9", "http://[::1]:9"],
])("OLLAMA_HOST=%s means %s", (host, url) => {
  expect(ollamaUrl({ env: { OLLAMA_HOST: host } })).toBe(url);
});
