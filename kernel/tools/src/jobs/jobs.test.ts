import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { TauError } from "@tau/core";
import { describe, expect, it } from "vitest";

import { createBashTool } from "../builtin/bash-tool.ts";
import { createWorkbench } from "../builtin/builtin.test.support.ts";
import { createHostEnvironment } from "../host/create-host-environment.ts";
import { policyOf, workspace } from "../permissions/policy.test.support.ts";
import { processesWith } from "../testing/environment-fixture.ts";
import { createWorkspaceContext } from "../testing/tool-context.ts";
import { resultText, toolCall } from "../tool-call.test.support.ts";
import { createToolRegistry } from "../tool-registry.ts";
import type { Tool } from "../tool.ts";
import { createJobTools } from "./job-tools.ts";
import { createTerminalTool } from "./terminal-tool.ts";

function idIn(text: string): string {
  return /job-[0-9a-f]{8}/.exec(text)?.[0] ?? `no job in: ${text}`;
}

function cursorIn(text: string): number {
  return Number(/cursor is (\d+)/.exec(text)?.[1]);
}

describe("bash in the background", () => {
  it("answers at once, and shows the output from a cursor on", async () => {
    const bench = await createWorkbench();
    const started = await bench.use("bash", {
      command: "echo one; until [ -e go ]; do sleep 0.01; done; echo two; exit 3",
      background: true,
    });
    const id = idIn(started);
    expect(started).toContain("is running since");
    const first = await bench.use("job_wait", { id, until: "one" });
    expect(first).toMatch(/\none$/);
    await bench.put("go", "");
    const run = await bench.run("job_wait", { id, cursor: cursorIn(first) });
    expect(resultText(run.result)).toMatch(/ended with exit code 3\. .*artifact:[^]*\ntwo$/);
    expect(run.details).toMatchObject({ job: { id, status: "exited", exitCode: 3 } });
    const artifact = /artifact:[0-9a-f]+/.exec(resultText(run.result))?.[0];
    expect(await bench.use("read", { path: artifact })).toMatch(/one\ntwo/);
    expect(await bench.use("job_output", {})).toContain(`${id} ended with exit code 3. echo one`);
  });

  it("types to a job, closes its input, and says when it takes no more", async () => {
    const bench = await createWorkbench();
    const started = await bench.use("bash", {
      command: 'while read -r line; do echo "got $line"; done; echo over',
      background: true,
    });
    const id = idIn(started);
    await bench.use("job_write", { id, input: "hello\n", waitMs: 0 });
    expect(await bench.use("job_wait", { id, until: "got hello" })).toContain("got hello");
    expect(await bench.use("job_write", { id, columns: 80, rows: 24 })).toContain("has no terminal");
    await bench.use("job_write", { id, end: true, waitMs: 0 });
    expect(await bench.use("job_wait", { id })).toContain("over");
    expect((await bench.run("job_write", { id, input: "more" })).code).toBe("job.no_input");
  });

  it("ends a job and all that it started, on request and with its environment", async () => {
    const context = await createWorkspaceContext();
    const { workspace: folder } = context.environment.info.profile;
    await using environment = createHostEnvironment({
      profile: { access: "workspace-write", workspace: folder, network: false },
    });
    const bench = await createWorkbench({}, { environment });
    const token = randomUUID();
    const command = `setsid bash -c 'while :; do sleep 1; done' ${token} & trap '' TERM; echo up; while :; do sleep 1; done`;
    const killed = idIn(await bench.use("bash", { command, background: true }));
    await bench.use("job_wait", { id: killed, until: "up" });
    expect(await bench.use("job_kill", { id: killed })).toMatch(/ended with exit code 1\d\d/);
    expect(await processesWith(token)).toEqual([]);
    const left = idIn(await bench.use("bash", { command, background: true }));
    await bench.use("job_wait", { id: left, until: "up" });
    await environment[Symbol.asyncDispose]();
    expect(await processesWith(token)).toEqual([]);
    expect(await bench.use("job_output", { id: left })).toContain("did not end by itself");
  });

  it("tells that a job of another run is lost, and starts nothing again", async () => {
    const bench = await createWorkbench();
    const id = idIn(await bench.use("bash", { command: "sleep 60", background: true }));
    const later = await createWorkbench();
    const run = await later.run("job_output", { id });
    expect(run.code).toBe("job.lost");
    expect(resultText(run.result)).toContain("not started again");
  });

  it("has no more than sixteen at once", async () => {
    const bench = await createWorkbench();
    const start = async (): Promise<string | undefined> =>
      (await bench.run("bash", { command: "sleep 600", background: true })).code;
    for (let count = 0; count < 16; count++) expect(await start()).toBeUndefined();
    expect(await start()).toBe("job.too_many");
    expect((await bench.run("terminal", { command: "true" })).code).toBe("job.too_many");
  });

  it("goes on in the background when a command takes long, unless its time was given", async () => {
    const context = await createWorkspaceContext();
    const tools = [createBashTool({ autoBackgroundMs: 200 }), ...createJobTools()];
    const registry = createToolRegistry({ tools });
    const use = async (tool: string, input: unknown): Promise<string> =>
      resultText((await registry.execute(toolCall(tool, input), context)).result);
    const command = "echo begun; until [ -e go ]; do sleep 0.01; done; echo done";
    const text = await use("bash", { command });
    expect(text).toMatch(/^It takes long, so it goes on in the background/);
    await context.environment.writeFile(
      join(context.environment.info.profile.workspace, "go"),
      Buffer.from(""),
      {},
      context.signal,
    );
    expect(await use("job_wait", { id: idIn(text) })).toMatch(/exit code 0[^]*done/);
    expect(await use("bash", { command: "sleep 60", timeoutMs: 400 })).toMatch(/^tool\.timeout/);
  });

  it("runs to its end where nothing may live on", async () => {
    const context = await createWorkspaceContext();
    const { environment } = context;
    const denied = { ...environment, start: () => Promise.reject(deniedError()) };
    const registry = createToolRegistry({ tools: [createBashTool()] });
    const run = await registry.execute(toolCall("bash", { command: "echo layered; exit 2" }), {
      ...context,
      environment: denied,
    });
    expect(resultText(run.result)).toMatch(/^Exit code 2 after .*\nlayered$/);
  });
});

describe("bash", () => {
  it("tells where the shell ended, so that the next call can go on there", async () => {
    const bench = await createWorkbench();
    await mkdir(join(bench.workspace, "sub"));
    const run = await bench.run("bash", { command: "cd sub\necho here >&2\nexit 4" });
    expect(resultText(run.result)).toMatch(
      new RegExp(
        `^Exit code 4 .* It ended in ${bench.workspace}/sub: to go on there, give that as cwd\\.\nhere$`,
      ),
    );
    expect(run.details).toMatchObject({ cwd: join(bench.workspace, "sub"), outputBytes: 5 });
    expect(await bench.use("bash", { command: "cd sub", cwd: "sub/.." })).toContain("ended in");
    expect(await bench.use("bash", { command: "cd /; cd -" })).not.toContain("ended in");
    expect(await bench.use("bash", { command: "echo a\nfi" })).toContain("line 2");
  });

  it.each([
    ["vim notes.txt", "terminal"],
    ["cd src && nano x", "terminal"],
    ["python3", "terminal"],
    ["tail -f log.txt", "background"],
    ["nohup node server.js", "background"],
    ["top", "terminal"],
  ])("refuses %s with a hint to %s", async (command, hint) => {
    const bench = await createWorkbench();
    const run = await bench.run("bash", { command });
    expect(run.code).toBe("shell.needs_terminal");
    expect(resultText(run.result)).toContain(hint);
  });

  it.each([
    "echo 'print(1)' | python3",
    "sh <<< 'echo 1'",
    "timeout 0.1 tail -f inside",
    "top -bn1",
    "bash -c 'echo 1'",
  ])("runs %s, which waits for nobody", async (command) => {
    const bench = await createWorkbench({ inside: "text" });
    expect((await bench.run("bash", { command })).code).toBeUndefined();
  });
});

describe("terminal", () => {
  it("runs a program that wants a terminal, types to it, interrupts it and changes its size", async () => {
    const bench = await createWorkbench();
    const started = await bench.use("terminal", {
      command: "PS1='ready> ' bash --norc -i",
      columns: 100,
      rows: 30,
      waitMs: 0,
    });
    const id = idIn(started);
    await bench.use("job_wait", { id, until: "ready>" });
    const sized = await bench.use("job_write", { id, input: "stty size\n", waitMs: 0 });
    expect(sized).toContain(id);
    await bench.use("job_wait", { id, until: "30 100" });
    await bench.use("job_write", { id, columns: 90, rows: 20, waitMs: 0 });
    await bench.use("job_write", {
      id,
      input: "until [ \"$(stty size)\" = '20 90' ]; do :; done; echo re''sized; cat\n",
      waitMs: 0,
    });
    await bench.use("job_wait", { id, until: "resized" });
    await bench.use("job_write", { id, input: "\u0003", waitMs: 0 });
    await bench.use("job_wait", { id, until: "^C" });
    const output = await bench.use("job_kill", { id });
    expect(output).toContain("ended");
  });

  it("is decided on by what it runs, and by what is typed", async () => {
    const [terminal, write, kill] = [
      createTerminalTool(),
      ...createJobTools().filter(({ name }) => name === "job_write" || name === "job_kill"),
    ];
    const policy = policyOf({ rules: { deny: ["bash(rm *)"], allow: ["bash(git status)", "job_write"] } });
    const decide = (tool: Tool | undefined, input: unknown): string => {
      if (tool === undefined) throw new TypeError("There is no such tool.");
      return policy.decide({ tool, access: tool.access(input, workspace), workspace }).decision;
    };
    expect(decide(terminal, { command: "rm -rf x" })).toBe("deny");
    expect(decide(terminal, { command: "git status" })).toBe("allow");
    expect(decide(write, { id: "job-1", input: "rm -rf x\n" })).toBe("deny");
    expect(decide(write, { id: "job-1", input: "ls; \u001b[Arm -rf x\n" })).toBe("deny");
    expect(decide(write, { id: "job-1", input: "\u0003" })).toBe("allow");
    expect(decide(kill, { id: "job-1" })).toBe("allow");
  });
});

function deniedError(): TauError {
  return new TauError("environment.denied", "Nothing lives on here.");
}
