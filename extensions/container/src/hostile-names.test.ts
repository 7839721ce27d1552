import { chownSync, existsSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { createHostEnvironment } from "@tau/tools";
import type { ToolOutput } from "@tau/tools";
import { createToolContext } from "@tau/tools/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { freshFolder } from "./fresh-folder.test.support.ts";
import { createContainerEnvironment } from "./environment/create-container-environment.ts";
import { startPodman } from "./podman.test.support.ts";
import type { TestEngine } from "./podman.test.support.ts";
import { dockerTools } from "./tools/docker-tools.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startPodman();
});
afterAll(async () => await engine[Symbol.asyncDispose]());

const { signal } = new AbortController();

/** A folder outside of every workspace, with something in it that nobody may see. */
function victim(): string {
  const folder = freshFolder("victim");
  writeFileSync(join(folder, "diary"), "dear diary\n");
  return folder;
}

function workspace(): string {
  return freshFolder("names");
}

async function docker(folder: string, input: object): Promise<string> {
  const environment = createHostEnvironment({
    profile: { access: "workspace-write", workspace: folder, network: false },
  });
  onTestFinished(async () => await environment[Symbol.asyncDispose]());
  const tool = dockerTools({ engine: engine.address }).find(({ name }) => name === "docker_write");
  if (tool === undefined) throw new TypeError("There is a tool that writes.");
  const valid = await tool.validate({ verb: "run", image: engine.image, ...input });
  if (!valid.ok) return `invalid: ${valid.issues.join("; ")}`;
  const output: string | ToolOutput = await tool
    .execute(valid.value, createToolContext({ environment }))
    .catch(String);
  return typeof output === "string" ? output : JSON.stringify(output.content);
}

async function command(folder: string, line: string): Promise<string> {
  await using environment = await createContainerEnvironment({
    engine: engine.address,
    image: engine.image,
    profile: { access: "workspace-write", workspace: folder, network: false },
  });
  let said = "";
  await environment.exec(
    {
      argv: ["sh", "-c", line],
      timeoutMs: 60_000,
      onOutput: (chunk) => (said += Buffer.from(chunk).toString()),
    },
    signal,
  );
  return said;
}

describe("names that mean something to an engine", () => {
  it("mount nothing else when a model writes them as a target", async () => {
    const [folder, secret] = [workspace(), victim()];
    mkdirSync(join(folder, "x"));

    const mounts = [{ path: "x", target: `/w,source=${secret}` }];
    const said = await docker(folder, { command: ["sh", "-c", "cat /w*/diary /w/diary"], mounts });

    expect(said).not.toContain("dear diary");
  });

  it("mount nothing else when a folder of the workspace has them", async () => {
    const [folder, secret] = [workspace(), victim()];
    mkdirSync(join(folder, `x,source=${secret}`), { recursive: true });

    const mounts = [{ path: `x,source=${secret}`, target: "/w" }];
    const said = await docker(folder, { command: ["cat", "/w/diary"], mounts });

    expect(said).not.toContain("dear diary");
  });

  it("show a command nothing else when a command before it made a secret file in such a folder", async () => {
    const folder = workspace();
    const trap = join(folder, "d,source=/etc,dst=/x");
    mkdirSync(trap, { recursive: true });
    writeFileSync(join(trap, ".env"), "A=b");

    const said = await command(folder, "ls /x/.env/").catch(String);

    expect(said).not.toContain("passwd");
    expect(said).toContain("a comma");
  });

  it("are no way to a secret file that a command before it moved", async () => {
    const folder = workspace();
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub/.env"), "KEY=hush");
    await command(folder, "mv sub dist; mkdir -p a/b/c/d; mv sub a/b/c/d");

    const said = await command(folder, "cat dist/.env a/b/c/d/sub/.env sub/.env");

    expect(said).not.toContain("hush");
  });
});

describe("a container of docker_write", () => {
  it("leaves nothing in a folder that lends its owner's or root's rights", async () => {
    const folder = workspace();
    chownSync(folder, 65_534, 65_534);

    const line = "cp /bin/busybox /w/sh; chmod 4755 /w/sh; mknod /w/disk b 8 0; chmod 666 /w/disk; ls -ln /w";
    const said = await docker(folder, {
      command: ["sh", "-c", line],
      mounts: [{ path: ".", target: "/w", write: true }],
    });

    expect(said).toContain("exit 0");
    expect(lstatSync(join(folder, "sh")).uid).toBe(65_534);
    expect(existsSync(join(folder, "disk"))).toBe(false);
  });
});
