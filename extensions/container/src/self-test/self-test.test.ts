import { chownSync } from "node:fs";
import { join } from "node:path";

import { isTauError } from "@tau/core";
import type { EnvironmentProfile } from "@tau/tools";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { freshFolder } from "../fresh-folder.test.support.ts";
import { createContainerDriver } from "../environment/container-driver.ts";
import type { ContainerOptions } from "../environment/container-options.ts";
import { containerSpec } from "../environment/container-spec.ts";
import { openSettings } from "../environment/open-settings.ts";
import type { ContainerEngine, EngineRequest } from "../engine/container-engine.ts";
import { fieldsOf } from "../engine/fields.ts";
import { startPodman } from "../podman.test.support.ts";
import type { TestEngine } from "../podman.test.support.ts";
import { assertHolds, probeContainer, runContainerSelfTest } from "./self-test.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startPodman();
});
afterAll(async () => await engine[Symbol.asyncDispose]());

const never = new AbortController().signal;

function optionsFor(access: EnvironmentProfile["access"], uid = 0): ContainerOptions {
  const workspace = freshFolder("container");
  chownSync(workspace, uid, uid);
  return { profile: { access, workspace, network: false }, engine: engine.address, image: engine.image };
}

type Change = (spec: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

/** What the self-test says of a container that differs from ours. */
async function escapesOf(
  change: Change,
  {
    access = "workspace-write",
    uid = 4321,
  }: { readonly access?: EnvironmentProfile["access"]; readonly uid?: number } = {},
): Promise<readonly string[]> {
  const opened = await openSettings(optionsFor(access, uid), never);
  const results = await probeContainer(opened, never, (settings, view) =>
    change(containerSpec(settings, view)),
  );
  return results.filter(({ outcome }) => outcome === "escaped").map(({ name }) => name);
}

function host(changes: Readonly<Record<string, unknown>>): Change {
  return (spec) => ({ ...spec, HostConfig: { ...fieldsOf(spec["HostConfig"]), ...changes } });
}

/** The mounts without those over the workspace's own. */
const bare: Change = (spec) => {
  const { Mounts } = fieldsOf(spec["HostConfig"]);
  return host({ Mounts: Array.isArray(Mounts) ? Mounts.slice(0, 1) : [] })(spec);
};

describe("runContainerSelfTest()", () => {
  it.each([
    ["read-only", 0],
    ["workspace-write", 0],
    ["workspace-write", 4321],
    ["full", 4321],
  ] as const)("holds under %s, for a workspace of user %i", async (access, uid) => {
    const results = await runContainerSelfTest(optionsFor(access, uid), never);
    expect(results.filter(({ outcome }) => outcome === "escaped")).toEqual([]);
    const held = results.filter(({ outcome }) => outcome === "held").map(({ name }) => name);
    expect(held).toEqual(
      expect.arrayContaining(["capabilities", "write_outside", "masked_file", "network", "engine_socket"]),
    );
  });

  it.each<[string, number, Change, readonly string[]]>([
    ["keeps its capabilities", 4321, host({ CapDrop: [], SecurityOpt: [] }), ["capabilities", "privileges"]],
    ["has no filter", 4321, host({ SecurityOpt: ["no-new-privileges", "seccomp=unconfined"] }), ["seccomp"]],
    ["may write the image", 0, host({ ReadonlyRootfs: false }), ["image"]],
    ["shares the machine's network", 4321, host({ NetworkMode: "host" }), ["network_interface", "network"]],
    ["shares the machine's processes", 4321, host({ PidMode: "host" }), ["process_namespace"]],
    ["shares the machine's memory", 4321, host({ IpcMode: "host" }), ["ipc_namespace"]],
    ["does not cover the workspace's own", 4321, bare, ["protected_path", "masked_file"]],
    [
      "owns the machine",
      0,
      host({ Privileged: true, CapDrop: [], SecurityOpt: [] }),
      ["capabilities", "privileges", "seccomp", "mount", "device_node"],
    ],
  ])("notices a container that %s", async (_, uid, change, names) => {
    expect(await escapesOf(change, { uid })).toEqual(expect.arrayContaining([...names]));
  });

  it("notices a workspace that can be written under the read-only profile", async () => {
    const change: Change = (spec) => {
      const { Mounts } = fieldsOf(spec["HostConfig"]);
      const mounts = Array.isArray(Mounts)
        ? Mounts.map((mount) => ({ ...fieldsOf(mount), ReadOnly: false }))
        : [];
      return host({ Mounts: mounts })(spec);
    };
    expect(await escapesOf(change, { access: "read-only" })).toContain("read_only_workspace");
  });

  it("finds out that the engine sees another disk", async () => {
    const elsewhere: Change = (spec) => {
      const { Mounts } = fieldsOf(spec["HostConfig"]);
      const [first] = Array.isArray(Mounts) ? Mounts.map(fieldsOf) : [];
      const other = freshFolder("elsewhere");
      return host({ Mounts: [{ ...first, Source: other }] })(spec);
    };
    const error: unknown = await escapesOf(elsewhere).catch((reason: unknown) => reason);
    expect(isTauError(error) && error.code).toBe("container.unavailable");
    expect(String(error)).toContain("The container does not see this machine's workspace");
  });
});

/** An engine that does not do what it is asked to do. */
function careless(real: ContainerEngine, change: (request: EngineRequest) => unknown): ContainerEngine {
  return { ...real, ask: (request, signal) => real.ask({ ...request, body: change(request) }, signal) };
}

describe("assertHolds()", () => {
  it("runs nothing in a container that does not hold", async () => {
    const { engine: real, settings } = await openSettings(optionsFor("workspace-write", 4321), never);
    const engineOf = careless(real, ({ path, body }) =>
      path === "/containers/create" ? host({ SecurityOpt: [] })(fieldsOf(body)) : body,
    );
    const options = { ...settings.options, env: { CARELESS: "yes" } };
    const error: unknown = await assertHolds(engineOf, { ...settings, options }, never).catch(
      (reason: unknown) => reason,
    );
    expect(isTauError(error) && error.code).toBe("container.escape");
    expect(isTauError(error) && error.details).toEqual({ probes: ["privileges"] });
  });

  it("notices an engine that runs commands as another user", async () => {
    const opened = await openSettings(optionsFor("workspace-write", 4321), never);
    const engineOf = careless(opened.engine, ({ path, body }) =>
      path.endsWith("/exec") ? { ...fieldsOf(body), User: "0:0" } : body,
    );
    const results = await probeContainer({ ...opened, engine: engineOf }, never);
    expect(results.find(({ name }) => name === "user")).toMatchObject({ outcome: "escaped" });
  });
});

describe("createContainerDriver()", () => {
  it("says what is enforced and what is not, and opens an environment", async () => {
    const { profile, ...options } = optionsFor("workspace-write");
    const driver = createContainerDriver(options);
    const report = await driver.probe(profile, never);
    expect(report).toMatchObject({ usable: true });
    await using environment = await driver.open(profile, never);
    expect(environment.info).toMatchObject({ kind: "container", enforced: true });
  });

  it("says why it cannot be used, and what to do", async () => {
    const { profile, ...options } = optionsFor("workspace-write");
    const nobody = { socketPath: join(profile.workspace, "no.sock") };
    const report = await createContainerDriver({ ...options, engine: nobody }).probe(profile, never);
    expect(report).toMatchObject({ usable: false });
    expect(report.usable ? "" : report.reason).toMatch(/cannot be reached\. Start it/u);
  });
});
