import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { createCallContext, isTauError } from "@tau/core";
import type { JsonObject } from "@tau/core";
import type { EnvironmentProfile, Tool, ToolContext, ToolOutput } from "@tau/tools";
import { createHostEnvironment } from "@tau/tools";
import { createToolContext } from "@tau/tools/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { freshFolder } from "../fresh-folder.test.support.ts";
import { createContainerEnvironment } from "../environment/create-container-environment.ts";
import { startPodman } from "../podman.test.support.ts";
import type { TestEngine } from "../podman.test.support.ts";
import { dockerTools } from "./docker-tools.ts";
import { withoutSecrets } from "./docker-views.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startPodman();
});
afterAll(async () => await engine[Symbol.asyncDispose]());

interface Desk {
  readonly workspace: string;
  read(input: JsonObject): Promise<string>;
  write(input: JsonObject): Promise<string>;
}

/** The tools of one tenant, over a fresh workspace. Answers are texts, refusals `code: message`. */
function desk(
  tenant: string,
  profile: Partial<EnvironmentProfile> = {},
  scope: "tenant" | "engine" = "tenant",
): Desk {
  const workspace = freshFolder("docker");
  const context = contextFor(tenant, { access: "workspace-write", network: false, workspace, ...profile });
  const [reader, writer] = dockerTools({ engine: engine.address, scope });
  if (reader === undefined || writer === undefined) throw new TypeError("There are two tools.");
  return {
    workspace,
    read: (input) => answerOf(reader, input, context),
    write: (input) => answerOf(writer, input, context),
  };
}

function contextFor(tenant: string, profile: EnvironmentProfile): ToolContext {
  const environment = createHostEnvironment({ profile });
  onTestFinished(async () => await environment[Symbol.asyncDispose]());
  const call = createCallContext({ tenant, principal: { id: "t", kind: "person", scopes: [] } });
  return createToolContext({ environment, call });
}

async function answerOf(tool: Tool, input: JsonObject, context: ToolContext): Promise<string> {
  const valid = await tool.validate(input);
  if (!valid.ok) return `invalid: ${valid.issues.join("; ")}`;
  try {
    return textIn(await tool.execute(valid.value, context));
  } catch (error) {
    return isTauError(error) ? `${error.code}: ${error.message}` : String(error);
  }
}

function textIn({ content, isError }: ToolOutput): string {
  const texts = content.map((part) => (part.type === "text" ? part.text : part.type));
  return `${isError === true ? "error: " : ""}${texts.join("")}`;
}

const shell = (line: string): JsonObject => ({ image: engine.image, command: ["sh", "-c", line] });

describe("docker_read", () => {
  it("lists, inspects and follows a container, and hides the values of variables", async () => {
    const { read, write } = desk("reader");
    const started = await write({
      verb: "run",
      name: "web",
      detach: true,
      variables: { API_KEY: "sk-very-secret", LANG: "C" },
      ...shell("echo out; echo err >&2; echo x > /made; sleep 600"),
    });
    expect(started).toContain("Started web");
    expect(await read({ verb: "ps" })).toMatch(/ {2}web {2}.* {2}running/u);
    const inspected = await read({ verb: "inspect", container: "web" });
    expect(inspected).toContain("API_KEY=[hidden]");
    expect(inspected).toContain("LANG=C");
    expect(inspected).not.toContain("sk-very-secret");
    let logs = "";
    while (!logs.includes("err")) logs = await read({ verb: "logs", container: "web", tail: 10 });
    expect(logs).toContain("out\n");
    expect(await read({ verb: "diff", container: "web" })).toContain("added /made");
    expect(await read({ verb: "stats", container: "web" })).toMatch(
      /^memory \d+ of \d+ bytes, \d+ processes/u,
    );
    expect(await read({ verb: "top", container: "web" })).toContain("sleep 600");
    expect(await read({ verb: "events", minutes: 5 })).toContain("web");
    expect(await write({ verb: "stop", container: "web" })).toBe("Stopped web.");
    expect(await read({ verb: "ps" })).toBe("None.");
    expect(await read({ verb: "ps", all: true })).toContain("exited");
    expect(await write({ verb: "start", container: "web" })).toBe("Started web.");
    expect(await write({ verb: "rm", container: "web" })).toBe("Removed web.");
    expect(await read({ verb: "logs", container: "web" })).toContain("container.not_found");
  });

  it("lists and inspects images", async () => {
    const { read } = desk("images");
    expect(await read({ verb: "images" })).toContain("tau-test:1");
    expect(await read({ verb: "inspect", image: "tau-test:1" })).toContain(
      engine.image.replace("sha256:", ""),
    );
    expect(await read({ verb: "inspect", image: "none:1" })).toContain("container.not_found");
  });

  it("shows a tenant its own containers alone, and a person on their machine all", async () => {
    const [one, two, all] = [desk("one"), desk("two"), desk("two", {}, "engine")];
    await one.write({ verb: "run", name: "private", detach: true, ...shell("sleep 600") });
    expect(await two.read({ verb: "ps", all: true })).toBe("None.");
    for (const verb of ["inspect", "logs", "stats", "diff", "top"]) {
      expect(await two.read({ verb, container: "private" })).toContain("container.not_found");
    }
    expect(await two.write({ verb: "rm", container: "private" })).toContain("container.not_found");
    expect(await all.read({ verb: "ps" })).toContain("private");
    expect(await all.write({ verb: "rm", container: "private" })).toBe("Removed private.");
  });

  it("takes no names that are paths, and no fields of other verbs", async () => {
    const { read } = desk("names");
    for (const container of ["../images", "a/b", "", "x?force=1"]) {
      expect(await read({ verb: "inspect", container })).toContain("tool.invalid_arguments");
    }
    for (const image of ["../containers/x", "a//b", "x?y"]) {
      expect(await read({ verb: "inspect", image })).toContain("tool.invalid_arguments");
    }
    expect(await read({ verb: "ps", tail: 3 })).toMatch(/^tool\.invalid_arguments: ps does not take tail/u);
  });

  it("is pure, and what it says is untrusted", () => {
    const [reader, writer] = dockerTools();
    expect(reader).toMatchObject({
      name: "docker_read",
      sideEffect: "pure",
      label: { integrity: "untrusted" },
    });
    expect(writer).toMatchObject({
      name: "docker_write",
      sideEffect: "irreversible",
      label: { integrity: "untrusted" },
    });
    expect(writer?.access({ verb: "rm", container: "web" }, "/w")).toEqual([
      { kind: "command", source: "docker rm web", cwd: "/w" },
      { kind: "other" },
    ]);
  });
});

describe("docker_write", () => {
  it("runs a command to its end, shows what it said, and leaves no container", async () => {
    const { read, write } = desk("runner");
    expect(await write({ verb: "run", ...shell("echo hello; exit 7") })).toBe("error: exit 7\nhello\n");
    expect(await read({ verb: "ps", all: true })).toBe("None.");
  });

  it("mounts folders of the workspace, without its secrets, and keeps what is protected", async () => {
    const { workspace, write } = desk("mounts");
    for (const name of [".git", "folder"]) mkdirSync(join(workspace, name));
    writeFileSync(join(workspace, ".git/config"), "[core]\n");
    writeFileSync(join(workspace, ".env"), "KEY=secret\n");
    writeFileSync(join(workspace, "file"), "text\n");
    const line = "cat /w/file /w/.env; echo x > /w/made; echo pwned >> /w/.git/config; echo y > /r/made";
    const mounts = [
      { path: ".", target: "/w", write: true },
      { path: "folder", target: "/r" },
    ];
    const answer = await write({ verb: "run", ...shell(line), mounts });
    expect(answer).toContain("text");
    expect(answer).toContain("/r/made: Read-only file system");
    expect(answer).not.toContain("secret");
    expect(readFileSync(join(workspace, "made"), "utf8")).toBe("x\n");
    expect(readFileSync(join(workspace, ".git/config"), "utf8")).toBe("[core]\n");
  });

  it.each<[string, JsonObject]>([
    ["privileged", { privileged: true }],
    ["cap_add", { cap_add: ["SYS_ADMIN"] }],
    ["CapAdd", { CapAdd: ["ALL"] }],
    ["devices", { devices: ["/dev/sda"] }],
    ["pid", { pid: "host" }],
    ["security-opt", { "security-opt": ["seccomp=unconfined"] }],
    ["volumes", { volumes: ["/:/host"] }],
    ["runtime", { runtime: "other" }],
    ["network", { network: "host" }],
    ["network", { network: "container:other" }],
    ["network", { network: "bridge" }],
    ["ports", { ports: ["8080:80"] }],
    ["mounts", { mounts: [{ path: "/", target: "/host" }] }],
    ["mounts", { mounts: [{ path: "/var/run/docker.sock", target: "/var/run/docker.sock" }] }],
    ["mounts", { mounts: [{ path: "..", target: "/up" }] }],
    ["mounts", { mounts: [{ path: "to-root", target: "/host" }] }],
    ["mounts", { mounts: [{ path: "socket", target: "/socket" }] }],
    ["mounts", { mounts: [{ path: ".env", target: "/env" }] }],
    ["mounts", { mounts: [{ path: ".git/hooks", target: "/hooks", write: true }] }],
    ["mounts", { mounts: [{ path: ".", target: "/proc" }] }],
    ["mounts", { mounts: [{ path: ".", target: "/a/../proc" }] }],
  ])("refuses %s: %j", async (name, more) => {
    const { workspace, read, write } = desk("refused");
    symlinkSync("/", join(workspace, "to-root"));
    mkdirSync(join(workspace, ".git/hooks"), { recursive: true });
    writeFileSync(join(workspace, ".env"), "KEY=secret\n");
    const server = createServer().listen(join(workspace, "socket"));
    onTestFinished(() => void server.close());
    const answer = await write({ verb: "run", ...shell("true"), ...more });
    expect(["container.option_refused", "environment.denied"]).toContain(answer.split(":")[0]);
    if (answer.startsWith("container."))
      expect(answer).toMatch(new RegExp(`^container.option_refused: .*${name}: `, "u"));
    expect(await read({ verb: "ps", all: true })).toBe("None.");
  });

  it("gives no more than the profile: nothing to write, and a network only where the agent has all of it", async () => {
    const plan = desk("plan", { access: "read-only" });
    const mounts = [{ path: ".", target: "/w", write: true }];
    expect(await plan.write({ verb: "run", ...shell("true"), mounts })).toMatch(/read-only for the agent/u);
    const open = desk("open", { network: true });
    const ports = ["80:80"];
    expect(await open.write({ verb: "run", ...shell("true"), network: "bridge", ports })).toMatch(
      /1024 or more/u,
    );
    const hosts = desk("hosts", { network: { hosts: ["example.org"] } });
    expect(await hosts.write({ verb: "run", ...shell("true"), network: "bridge" })).toMatch(
      /option_refused/u,
    );
  });

  it("leaves the containers alone in which Tau runs commands", async () => {
    const { workspace } = desk("own");
    await using environment = await createContainerEnvironment({
      profile: { access: "read-only", network: false, workspace },
      engine: engine.address,
      image: engine.image,
      tenant: "own",
    });
    const { signal } = new AbortController();
    await environment.exec({ argv: ["true"], timeoutMs: 60_000 }, signal);
    const { read, write } = desk("own");
    const listed = await read({ verb: "ps" });
    expect(listed).toContain("Tau runs commands in it");
    const [id = ""] = listed.split(" ");
    expect(await write({ verb: "rm", container: id })).toContain("container.not_yours");
  });

  it("pulls by digest alone, starts no image that is not there, and passes on what the engine says", async () => {
    const { write } = desk("pulls");
    expect(await write({ verb: "pull", image: "alpine:3" })).toContain("container.image_not_pinned");
    expect(await write({ verb: "run", image: "none:1" })).toContain("container.not_found");
    const answer = await write({ verb: "run", image: engine.image, command: ["/no/such/program"] });
    expect(answer).toMatch(/^error: The container engine answered \d+ .*It says: /u);
  });

  it("removes the container of a call that is cancelled", async () => {
    const [, writer] = dockerTools({ engine: engine.address });
    const { workspace, read } = desk("cancelled");
    const controller = new AbortController();
    const context = {
      ...contextFor("cancelled", { access: "workspace-write", network: false, workspace }),
      signal: controller.signal,
    };
    const call = writer?.execute({ verb: "run", name: "long", ...shell("sleep 600") }, context);
    while (!(await read({ verb: "ps" })).includes("long")) continue;
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(await read({ verb: "ps", all: true })).toBe("None.");
  });
});

describe("withoutSecrets()", () => {
  it("hides what follows a secretive name, and passwords in addresses", () => {
    const words = [
      "app",
      "--password",
      "p1",
      "--api-key=p2",
      "TOKEN=p3",
      "postgres://u:p4@db/x",
      "--port",
      "80",
    ];
    expect(withoutSecrets(words)).toEqual([
      "app",
      "--password",
      "[hidden]",
      "--api-key=[hidden]",
      "TOKEN=[hidden]",
      "postgres://u:[hidden]@db/x",
      "--port",
      "80",
    ]);
  });
});
