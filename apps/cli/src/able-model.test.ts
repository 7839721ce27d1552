import { describe, expect, test } from "vitest";

import { createPlace, newestSession, startScripted } from "./cli.test.support.ts";

const hello = { turns: [{ text: "Hello.", usage: { inputTokens: 1_000, outputTokens: 100 } }] };

describe("a model that cannot work with tools", () => {
  test("is refused before anything is sent, with every reason", async () => {
    await using place = await createPlace();
    await using model = await startScripted(hello);
    await place.write("tau.toml", '[[models]]\nprovider = "compatible"\nid = "scripted"\ntools = false\n');
    const run = ["run", "--environment", "host", "--config", "tau.toml", ...model.options, "hi"];

    const { code, stderr } = await place.tau(run);

    expect(stderr).toContain("compatible/scripted: cannot call tools");
    expect(stderr).toContain("[model.no_compatible_candidate]");
    expect(code).toBe(2);
    expect(model.server.requests).toEqual([]);
    const doctor = await place.tau([
      "doctor",
      "--config",
      "tau.toml",
      "--environment",
      "host",
      ...model.options,
    ]);
    expect(doctor.stdout).toMatch(/✗ provider +No model can do/u);
  });

  test("is asked all the same when nobody knows, and doctor says so", async () => {
    await using place = await createPlace();
    await using model = await startScripted(hello);

    expect((await place.tau(["run", "--environment", "host", ...model.options, "hi"])).code).toBe(0);
    expect((await place.tau(["doctor", "--environment", "host", ...model.options])).stdout).toContain(
      "nobody knows whether it can: tools",
    );
  });
});

describe("what the catalog knows", () => {
  test("prices a run that nobody priced", async () => {
    await using place = await createPlace();
    await using model = await startScripted(hello);
    const { server } = model;
    await place.write(
      "tau.toml",
      `[model]\nprovider = "anthropic"\nid = "claude-haiku-4-5"\nbase_url = "${server.url}"\n`,
    );

    const { code } = await place.tau(["run", "--environment", "host", "--config", "tau.toml", "hi"]);

    expect(code).toBe(0);
    // 1,000 tokens in at 1 dollar a million, 100 out at 5.
    expect((await place.tau(["sessions", "list"])).stdout).toContain("$0.001500");
  });

  test("is overruled by the price in the configuration", async () => {
    await using place = await createPlace();
    await using model = await startScripted(hello);
    const prices = "input_price = 2000000\noutput_price = 0";
    await place.write(
      "tau.toml",
      `[model]\nprovider = "anthropic"\nid = "claude-haiku-4-5"\nbase_url = "${model.server.url}"\n${prices}\n`,
    );

    await place.tau(["run", "--environment", "host", "--config", "tau.toml", "hi"]);

    const { stdout } = await place.tau(["sessions", "list", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ costMicroUsd: 2_000, sessionId: await newestSession(place) });
  });
});

describe("--tier", () => {
  const tiers = '[tiers]\ndefault = "big"\nfast = "scripted"\n';

  test("takes the model that the configuration names for it", async () => {
    await using place = await createPlace();
    await using model = await startScripted(hello);
    await place.write("tau.toml", tiers);
    const run = [
      "run",
      "--environment",
      "host",
      "--config",
      "tau.toml",
      "--base-url",
      `${model.server.url}/v1`,
    ];

    expect((await place.tau([...run, "--tier", "fast", "hi"])).code).toBe(0);
    expect(model.server.requests.map(({ body }) => body)).toMatchObject([{ model: "scripted" }]);
  });

  test("says which tier has no model", async () => {
    await using place = await createPlace();
    await place.write("tau.toml", tiers);

    const { code, stderr } = await place.tau(["run", "--config", "tau.toml", "--tier", "local", "hi"]);

    expect(stderr).toContain('No model is configured for the tier "local"');
    expect(code).toBe(2);
  });
});
