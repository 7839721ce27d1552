import { spawn } from "node:child_process";
import { once } from "node:events";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { freshFolder } from "../fresh-folder.test.support.ts";
import { createContainerEngine } from "../engine/container-engine.ts";
import { fieldsOf, textOf } from "../engine/fields.ts";
import { createContainerEnvironment } from "../environment/create-container-environment.ts";
import { startPodman } from "../podman.test.support.ts";
import type { TestEngine } from "../podman.test.support.ts";
import { containerLabels, isOrphaned, ownerLabels } from "./owner-labels.ts";
import { removeLeftovers } from "./remove-leftovers.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startPodman();
});
afterAll(async () => await engine[Symbol.asyncDispose]());

const never = new AbortController().signal;

/** The owner label of a process that was alive when it was made, and is dead. */
async function deadOwner(): Promise<string> {
  const own = ownerLabels("t")[containerLabels.owner] ?? "";
  const child = spawn("true");
  const [boot, namespace] = own.split("/");
  const owner = [boot, namespace, child.pid, "1"].join("/");
  await once(child, "exit");
  return owner;
}

async function make(tenant: string, owner?: string): Promise<string> {
  const labels = {
    ...ownerLabels(tenant),
    ...(owner === undefined ? {} : { [containerLabels.owner]: owner }),
  };
  const body = {
    Image: engine.image,
    Entrypoint: ["/bin/sleep", "600"],
    Labels: labels,
    HostConfig: { NetworkMode: "none" },
  };
  const made = await createContainerEngine(engine.address).ask(
    { method: "POST", path: "/containers/create", body },
    never,
  );
  return textOf(fieldsOf(made)["Id"]);
}

describe("removeLeftovers()", () => {
  it("removes containers whose process is gone, and no others", async () => {
    const api = createContainerEngine(engine.address);
    const dead = await deadOwner();
    const gone = await make("one", dead);
    const foreign = await make("two", dead);
    const alive = await make("one");
    expect(await removeLeftovers(api, { tenant: "one" }, never)).toEqual([gone]);
    expect(await removeLeftovers(api, {}, never)).toEqual([foreign]);
    expect(await engine.podman("ps", "-aq", "--no-trunc")).toBe(alive);
    await engine.podman("rm", "-f", alive);
  });

  it("is what the next environment does first", async () => {
    await make("three", await deadOwner());
    const workspace = freshFolder("container");
    const environment = await createContainerEnvironment({
      profile: { access: "read-only", network: false, workspace },
      engine: engine.address,
      image: engine.image,
      tenant: "three",
    });
    expect(await engine.podman("ps", "-aq", "--filter", "label=dev.tau.tenant=three")).toBe("");
    await environment[Symbol.asyncDispose]();
  });
});

describe("isOrphaned()", () => {
  it("leaves what it cannot judge", async () => {
    const [boot = "", namespace = "", pid = "", start = ""] = (
      ownerLabels("t")[containerLabels.owner] ?? ""
    ).split("/");
    expect(isOrphaned([boot, namespace, pid, start].join("/"))).toBe(false);
    expect(isOrphaned([boot, "1", pid, "2"].join("/"))).toBe(false);
    expect(isOrphaned("")).toBe(false);
    expect(isOrphaned("nonsense")).toBe(false);
    expect(isOrphaned([boot, namespace, pid, "2"].join("/"))).toBe(true);
    expect(isOrphaned(["an-earlier-boot", namespace, pid, start].join("/"))).toBe(true);
  });
});
