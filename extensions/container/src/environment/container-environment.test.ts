import { randomUUID } from "node:crypto";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { isTauError } from "@tau/core";
import type { EnvironmentProfile, OwnedEnvironment } from "@tau/tools";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { freshFolder } from "../fresh-folder.test.support.ts";
import { startPodman } from "../podman.test.support.ts";
import type { TestEngine } from "../podman.test.support.ts";
import type { ContainerOptions } from "./container-options.ts";
import { createContainerEnvironment } from "./create-container-environment.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startPodman();
});
afterAll(async () => await engine[Symbol.asyncDispose]());

const never = new AbortController().signal;

function freshWorkspace(): string {
  const workspace = freshFolder("container");
  mkdirSync(join(workspace, ".git"));
  writeFileSync(join(workspace, ".git/config"), "[core]\n");
  return workspace;
}

async function open(
  workspace: string,
  options: Partial<ContainerOptions> = {},
  profile: Partial<EnvironmentProfile> = {},
): Promise<OwnedEnvironment> {
  return await createContainerEnvironment({
    profile: { access: "workspace-write", network: false, workspace, ...profile },
    engine: engine.address,
    image: engine.image,
    ...options,
  });
}

async function said(environment: OwnedEnvironment, line: string): Promise<string> {
  let text = "";
  const onOutput = (chunk: Uint8Array): string => (text += Buffer.from(chunk).toString("utf8"));
  const request = { argv: ["bash", "-c", line], timeoutMs: 60_000, onOutput } as const;
  const { exitCode } = await environment.exec(request, never);
  return `${exitCode} ${text.trim()}`;
}

/** Ids of this machine's processes whose command line contains `token`. */
function processesWith(token: string): readonly string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/u.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(token);
    } catch {
      return false;
    }
  });
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error("nothing was thrown"),
    (reason: unknown) => reason,
  );
  return isTauError(error) ? `${error.code}: ${error.message}` : String(error);
}

describe("createContainerEnvironment()", () => {
  it("makes files that belong to the owner of the workspace, whom commands are", async () => {
    const workspace = freshWorkspace();
    chownSync(workspace, 4321, 4322);
    await using environment = await open(workspace);
    expect(await said(environment, "echo x > made; id -u; id -g")).toBe("0 4321\n4322");
    expect(statSync(join(workspace, "made"))).toMatchObject({ uid: 4321, gid: 4322 });
  });

  it("keeps a protected file also after somebody outside replaced it", async () => {
    const workspace = freshWorkspace();
    await using environment = await open(workspace);
    const write = "echo pwned >> .git/config; echo done";
    expect(await said(environment, write)).toContain("done");
    writeFileSync(join(workspace, ".git/new"), "[replaced]\n");
    renameSync(join(workspace, ".git/new"), join(workspace, ".git/config"));
    expect(await said(environment, write)).toContain("done");
    expect(readFileSync(join(workspace, ".git/config"), "utf8")).toBe("[replaced]\n");
  });

  it("hides a secret file that appears between commands", async () => {
    const workspace = freshWorkspace();
    await using environment = await open(workspace);
    expect(await said(environment, "echo first")).toBe("0 first");
    writeFileSync(join(workspace, ".env"), "KEY=secret\n");
    expect(await said(environment, "cat .env; echo second")).toBe("0 second");
  });

  it("puts aside what a command makes at a protected path, and says so", async () => {
    const workspace = freshWorkspace();
    await using environment = await open(workspace);
    expect(await said(environment, "mkdir .tau; echo x > .tau/settings")).toContain("tau: .tau is protected");
    expect(existsSync(join(workspace, ".tau"))).toBe(false);
  });

  it("shows no command what another one left in its private folders", async () => {
    await using environment = await open(freshWorkspace());
    expect(await said(environment, "echo x > /tmp/left; echo x > /dev/shm/left; ls /tmp/left")).toBe(
      "0 /tmp/left",
    );
    expect(await said(environment, "ls /tmp/left /dev/shm/left 2>/dev/null; echo $?")).toBe("0 1");
  });

  it("ends what a command leaves that killed its launcher", async () => {
    await using environment = await open(freshWorkspace());
    const token = randomUUID();
    const line = `bash -c 'while :; do sleep 1; done' ${token} & kill -KILL $PPID; kill -KILL $$`;
    expect(await said(environment, line)).toMatch(/^137/u);
    expect(processesWith(token)).toEqual([]);
  });

  it("has no network for hosts that it could not enforce", async () => {
    await using environment = await open(freshWorkspace(), {}, { network: { hosts: ["example.org"] } });
    expect(await said(environment, "cat /proc/net/dev | grep -v lo: | wc -l")).toBe("0 2");
  });

  it("bounds processes, memory and the image, and labels what it makes", async () => {
    await using environment = await open(freshWorkspace(), {
      tenant: "acme",
      limits: { processes: 50, memoryBytes: 64 * 2 ** 20, tmpBytes: 2 ** 20 },
    });
    const [, count = "0"] =
      /(\d+)$/u.exec(
        await said(environment, "for n in $(seq 80); do sleep 5 & done 2>/dev/null; jobs -r | wc -l"),
      ) ?? [];
    expect(Number(count)).toBeLessThan(50);
    expect(await said(environment, "head -c 4000000 /dev/zero > /tmp/large; wc -c < /tmp/large")).toMatch(
      /1048576$/u,
    );
    await said(environment, "true");
    const ids = (await engine.podman("ps", "-q", "--filter", "label=dev.tau.tenant=acme")).split("\n");
    expect(ids.filter((id) => id !== "").length).toBeGreaterThan(0);
  });

  it("removes its containers when it is disposed of", async () => {
    const environment = await open(freshWorkspace(), { tenant: "short" });
    expect(await said(environment, "echo ok")).toBe("0 ok");
    await environment[Symbol.asyncDispose]();
    expect(await engine.podman("ps", "-aq", "--filter", "label=dev.tau.tenant=short")).toBe("");
  });

  it("takes no image by a tag, and says what the tag means now", async () => {
    const refusal = await refusalOf(open(freshWorkspace(), { image: "tau-test:1" }));
    expect(refusal).toContain("container.image_not_pinned");
    expect(refusal).toContain(`Write ${engine.image}, which is what it means now.`);
  });

  it("does not pull unless it is told to, and runs nothing without its image", async () => {
    const image = `localhost/none@sha256:${"0".repeat(64)}`;
    expect(await refusalOf(open(freshWorkspace(), { image }))).toContain("container.image_missing");
    expect(
      await refusalOf(open(freshWorkspace(), { image: `sha256:${"0".repeat(64)}`, pull: true })),
    ).toContain("container.image_missing");
  });

  it("runs nothing in an image that has no shell", async () => {
    const image = await engine.emptyImage();
    expect(await refusalOf(open(freshWorkspace(), { image }))).toContain("container.unavailable");
    expect(await engine.podman("ps", "-aq", "--filter", `ancestor=${image}`)).toBe("");
  });
});
