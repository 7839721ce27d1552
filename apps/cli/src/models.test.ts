import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { createPlace } from "./cli.test.support.ts";
import type { Place } from "./cli.test.support.ts";

const auto = {
  id: "acme/new-model",
  name: "Acme New",
  context_length: 64_000,
  architecture: { input_modalities: ["text"], output_modalities: ["text"] },
  pricing: { prompt: "0.000001", completion: "0.000002" },
  supported_parameters: ["tools", "temperature"],
};

/** A provider that tells its models to whoever has the key. */
async function startProvider() {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ data: [auto] }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    asked,
    url: `http://127.0.0.1:${address.port}/v1`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function lines(place: Place, ...args: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await place.tau(["models", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.trimEnd().split("\n");
}

describe("tau models", () => {
  test("lists a provider's models, one a line", async () => {
    await using place = await createPlace();

    const [head, ...rows] = await lines(place, "--provider", "anthropic");

    expect(head).toMatch(/^MODEL +READS +WRITES/u);
    expect(rows.every((row) => row.startsWith("anthropic/"))).toBe(true);
    expect(rows.find((row) => row.startsWith("anthropic/claude-haiku-4-5 "))).toMatch(
      /200k +64k +\$1 \/ \$5 +yes +yes +yes +yes$/u,
    );
  });

  test("shows everything of one, and who says so, in a process of its own", async () => {
    await using place = await createPlace();

    const { code, stdout } = await place.spawn(["models", "openai/gpt-5.4-2026-03-05"]).ended;

    expect(code).toBe(0);
    expect(stdout).toContain("openai/gpt-5.4\n");
    expect(stdout).toContain("reads   922,000 tokens [1]");
    expect(stdout).toContain("$2.5 in, $15 out, $0.25 cached [1]");
    expect(stdout).toContain("$5 in, $22.5 out, $0.5 cached: prompts above 272k [1]");
    expect(stdout).toMatch(/\[1\] catalog: developers\.openai\.com/u);
    expect(stdout).toContain("Nobody knows: sampling. Measure it: tau probe");
  });

  test("finds by a part of a name, and only what is known to be able", async () => {
    await using place = await createPlace();

    expect((await lines(place, "GPT-OSS-120")).slice(1).map((row) => row.split(" ")[0])).toEqual([
      "groq/openai/gpt-oss-120b",
      "cerebras/gpt-oss-120b",
      "open-weights/gpt-oss-120b",
    ]);
    const able = (await lines(place, "--provider", "groq", "--can", "tools,vision")).slice(1);
    expect(able.length).toBeGreaterThan(0);
    expect(able.every((row) => /yes +\S+ +yes +\S+$/u.test(row))).toBe(true);
    expect(await lines(place, "--provider", "groq", "--can", "speech")).toEqual([
      "No model is known to be able to do all of that.",
    ]);
  });

  test("tells programs each fact with its source, and lets the configuration win", async () => {
    await using place = await createPlace();
    await place.write(
      "tau.toml",
      '[[models]]\nprovider = "openai"\nid = "gpt-5.2"\nvision = false\nmax_output = 5\n',
    );

    const [line = ""] = await lines(place, "openai/gpt-5.2", "--json", "--config", "tau.toml");

    expect(JSON.parse(line)).toMatchObject({
      id: "gpt-5.2",
      capabilities: { maxOutputTokens: 5, input: { image: "no" }, tools: "yes" },
      sources: { maxOutputTokens: "configuration", "input.image": "configuration" },
    });
  });

  test.each([
    [["claude-opus-99"], "Nothing is known of a model"],
    [["--provider", "antropic"], "Did you mean anthropic?"],
    [["--can", "tols"], "Did you mean tools?"],
    [["--refresh", "--provider", "openrouter"], "export OPENROUTER_API_KEY"],
  ])("says of %j what is wrong", async (args, message) => {
    await using place = await createPlace();

    const { code, stderr } = await place.tau(["models", ...args]);

    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

describe("tau models --refresh", () => {
  test("keeps the provider's own list for later commands", async () => {
    await using place = await createPlace();
    await using provider = await startProvider();
    const env = { OPENROUTER_API_KEY: "sk-secret" };
    const refresh = ["models", "--refresh", "--provider", "openrouter", "--base-url", provider.url];

    const { code, stdout, stderr } = await place.tau(refresh, { env });

    expect(stderr).toMatch(/^openrouter has 1 model \(127\.0\.0\.1:\d+, \d{4}-\d\d-\d\d\)\.$/mu);
    expect(stdout).toMatch(/openrouter\/acme\/new-model +64k +\? +\$1 \/ \$2 +yes/u);
    expect(code).toBe(0);
    expect(provider.asked).toEqual(["Bearer sk-secret"]);

    expect((await lines(place, "openrouter/acme/new-model"))[0]).toBe("openrouter/acme/new-model  Acme New");
    expect(provider.asked).toHaveLength(1);
    expect(await readdir(join(place.base, "tau", "models"))).toEqual(["openrouter.json"]);
  });

  test("shows the list of a server of one's own, and does not keep it for the next one", async () => {
    await using place = await createPlace();
    await using server = await startProvider();

    const { stdout, stderr } = await place.tau([
      "models",
      "--refresh",
      "--base-url",
      server.url,
      "new-model",
    ]);

    expect(stderr).toContain("Not kept: it is of this address only.");
    expect(stdout).toContain("compatible/acme/new-model  Acme New");
    expect(server.asked).toEqual([undefined]);
    expect((await place.tau(["models", "compatible/acme/new-model"])).code).toBe(2);
  });

  test("survives a kept list that was damaged", async () => {
    await using place = await createPlace();
    await place.write("../tau/models/openrouter.json", '{"provider":"openrouter","mod');

    expect(await lines(place, "--provider", "anthropic")).not.toEqual([]);
  });
});
