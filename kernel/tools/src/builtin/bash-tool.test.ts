import { join } from "node:path";
import { mkdir } from "node:fs/promises";

import { describe, expect, it } from "vitest";

import { createWorkbench } from "./builtin.test.support.ts";

describe("bash", () => {
  it("gives the exit code and both outputs; a non-zero code is an answer, not an error", async () => {
    const bench = await createWorkbench();
    const run = await bench.run("bash", { command: "echo out; echo err >&2; exit 3" });
    expect(run.result.isError).toBe(false);
    expect(run.result.content[0]).toMatchObject({
      text: expect.stringMatching(/^Exit code 3 after \d+ ms\.\n(out\nerr|err\nout)$/),
    });
    expect(run.details).toMatchObject({ exitCode: 3, timedOut: false, outputBytes: 8 });
    expect(await bench.use("bash", { command: "true" })).toContain("(no output)");
    expect(await bench.use("bash", { command: "no-such-program" })).toContain(
      "127 (a command was not found)",
    );
    expect(await bench.use("bash", { command: "kill -KILL $$" })).toContain("137 (killed");
  });

  it("runs in the workspace or in the folder that was asked for, without input", async () => {
    const bench = await createWorkbench();
    await mkdir(join(bench.workspace, "sub"));
    expect(await bench.use("bash", { command: "pwd; cat" })).toContain(`\n${bench.workspace}`);
    expect(await bench.use("bash", { command: "pwd", cwd: "sub" })).toContain(join(bench.workspace, "sub"));
    expect((await bench.run("bash", { command: "pwd", cwd: "none" })).result.isError).toBe(true);
    expect((await bench.run("bash", { command: "echo a\0b" })).code).toBe("tool.invalid_arguments");
    expect((await bench.run("bash", { command: "true", timeoutMs: 600_001 })).code).toBe(
      "tool.invalid_arguments",
    );
  });

  it("stops at the timeout and still shows what was printed", async () => {
    const bench = await createWorkbench();
    const run = await bench.run("bash", { command: "echo begun; sleep 60", timeoutMs: 2000 });
    expect(run.result.isError).toBe(true);
    expect(run.result.content[0]).toMatchObject({
      text: expect.stringMatching(/^tool\.timeout: .*2000 ms.*\nbegun$/s),
    });
  });

  it("ends when the run is cancelled", async () => {
    const controller = new AbortController();
    const begun = Promise.withResolvers<void>();
    const bench = await createWorkbench({}, { signal: controller.signal, progress: () => begun.resolve() });
    const run = bench.run("bash", { command: "echo begun; sleep 60" });
    await begun.promise;
    const reason = new Error("cancelled");
    controller.abort(reason);
    await expect(run).rejects.toBe(reason);
  });

  it("shows head and tail of a long output and saves the whole for read", async () => {
    const bench = await createWorkbench();
    const run = await bench.run("bash", { command: "seq 1 20000" });
    const shown = run.result.content[0]?.type === "text" ? run.result.content[0].text : "";
    expect(shown.length).toBeLessThan(30_500);
    expect(shown).toContain("\n1\n2\n3\n");
    expect(shown.endsWith("\n19999\n20000")).toBe(true);
    const id = /artifact:[0-9a-f]+/.exec(shown)?.[0];
    expect(run.artifacts.map((artifact) => artifact.id)).toEqual([id]);
    expect(await bench.use("read", { path: id, offset: 10_000, limit: 1 })).toMatch(/\n9999\n/);
  });

  it("holds a bounded part of an endless output", async () => {
    const bench = await createWorkbench();
    const run = await bench.run("bash", {
      command: "head -c 30000000 /dev/zero | tr '\\0' 'x'; echo; echo end",
    });
    expect(run.details["outputBytes"]).toBe(30_000_005);
    const whole = await bench.context.artifacts.read(run.artifacts[0]?.id ?? "");
    expect(whole.byteLength).toBeLessThan(7_100_000);
    expect(Buffer.from(whole).toString("utf8")).toMatch(/bytes were dropped …\]\nx+\nend$/);
  });

  it("takes colours, control characters and overwritten progress out", async () => {
    const bench = await createWorkbench();
    const answer = await bench.use("bash", {
      command: String.raw`printf '\033[31mred\033[0m\n10%%\r50%%\r100%%\r\nbell\a\0\n'`,
    });
    expect(answer.split("\n").slice(1)).toEqual(["red", "100%", "bell"]);
  });

  it("streams what is printed while it runs", async () => {
    const seen: string[] = [];
    const bench = await createWorkbench({}, { progress: (text) => seen.push(text) });
    await bench.use("bash", { command: "echo one; echo two" });
    expect(seen.join("")).toBe("one\ntwo\n");
  });
});
