import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";

const image = `sha256:${"0".repeat(64)}`;

describe("tau --environment container", () => {
  test("says what is missing of its settings", async () => {
    await using place = await createPlace();
    await using model = await startScripted({ turns: [{ text: "Fine." }] });
    const run = await place.tau(["run", ...model.options, "--environment", "container", "hi"]);
    expect(run.code).not.toBe(0);
    expect(run.stderr).toContain("environment.container.image is missing");
  });

  test("runs nothing without its engine, and the doctor says what to do", async () => {
    await using place = await createPlace();
    const engine = `unix://${place.cwd}/no.sock`;
    await place.write("own.toml", `[environment.container]\nimage = '${image}'\nengine = '${engine}'\n`);
    await using model = await startScripted({ turns: [{ text: "Fine." }] });
    const options = ["--config", "own.toml", "--environment", "container"];
    const run = await place.tau(["run", ...model.options, ...options, "hi"]);
    expect(run.code).not.toBe(0);
    expect(run.stderr).toContain("The container engine cannot be reached");
    const doctor = await place.tau(["doctor", ...options]);
    expect(doctor.stdout).toContain("The container engine cannot be reached");
  });

  test("checks the keys of its section", async () => {
    await using place = await createPlace();
    await place.write("own.toml", "[environment.container]\nsocket = '/run/docker.sock'\n");
    const run = await place.tau(["run", "--config", "own.toml", "hi"]);
    expect(run.stderr).toContain("environment.container.socket is not a key");
  });
});

describe("tau run --with docker", () => {
  test("shows the tools, and the doctor says whether there is an engine", async () => {
    await using place = await createPlace();
    const engine = `unix://${place.cwd}/no.sock`;
    await place.write("own.toml", `[tools]\ndocker = { engine = '${engine}' }\n`);
    await using model = await startScripted({ turns: [{ text: "Fine." }] });
    const unasked = await place.tau(["run", ...model.options, "--config", "own.toml", "hi"]);
    expect(unasked.stderr).toBe("");
    expect(JSON.stringify(model.server.requests[0]?.body)).toContain('"docker_read"');
    const doctor = await place.tau(["doctor", "--config", "own.toml"]);
    expect(doctor.stdout).toContain("calls of docker_* fail: The container engine cannot be reached");
  });

  test("says at once that there is no engine, and runs all the same", async () => {
    await using place = await createPlace();
    await place.write("own.toml", `[tools]\ndocker = { engine = 'unix://${place.cwd}/no.sock' }\n`);
    await using model = await startScripted({ turns: [{ text: "Fine." }] });
    const options = ["--config", "own.toml", "--with", "docker"];
    const { code, stdout, stderr } = await place.tau(["run", ...model.options, ...options, "hi"]);
    expect(stderr).toMatch(
      /^--with docker: calls of docker_\* fail: The container engine cannot be reached/u,
    );
    expect([code, stdout]).toEqual([0, expect.stringContaining("Fine.")]);
  });
});
