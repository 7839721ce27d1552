import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createTauClient } from "@tau/client";
import { describe, expect, test } from "vitest";

import { createPlace } from "./cli.test.support.ts";
import { exitCodes } from "./exit-codes.ts";
import { serve } from "./served.test.support.ts";

const bash = (command: string) => ({ toolCalls: [{ name: "bash", arguments: { command } }] });
const write = (path: string, content: string) => ({
  toolCalls: [{ name: "write", arguments: { path, content } }],
});
const make = bash("echo made > made.txt");
const text = "# Make a file\n\n1. Make made.txt.\n";
const hash = createHash("sha256").update(text).digest("hex");

describe("tau run --server --cwd", () => {
  test("works in a folder below the server's, or below one that its configuration names", async () => {
    await using place = await createPlace();
    const { url, folder, serving } = await serve(place, { turns: [make, { text: "Made." }] });
    await mkdir(join(folder, "sub"));
    await serving.until(`Sessions may also work in ${join(place.base, "elsewhere")}, `);

    for (const cwd of ["sub", join(place.base, "elsewhere"), join(place.base, "elsewhere/sub")])
      expect((await place.tau(["run", "--server", url, "--cwd", cwd, "Make it"])).code).toBe(0);

    const made = (path: string): boolean => existsSync(join(path, "made.txt"));
    const elsewhere = join(place.base, "elsewhere");
    expect([join(folder, "sub"), elsewhere, join(elsewhere, "sub"), folder].map(made)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect((await place.tau(["sessions", "list", "--json", "--server", url])).stdout).toContain(
      `"workspace":"${join(elsewhere, "sub")}"`,
    );
  });

  test("refuses every other folder alike, with the field, the reason and the fix, and runs nothing", async () => {
    await using place = await createPlace();
    const { url, model, folder } = await serve(place, { turns: [make] });
    const [hidden, home] = [join(place.base, "private"), join(place.base, "served-home")];
    await symlink(hidden, join(folder, "link"));
    await symlink("../private", join(place.base, "elsewhere/link"));
    await writeFile(join(folder, "file"), "");
    const others = [hidden, place.base, "/", join(place.base, "elsewhere2"), "link", "link/", "file", home];
    const linked = join(place.base, "elsewhere/link");

    for (const cwd of [...others, linked, "not-there", join(place.base, "not-there")]) {
      const { code, stderr } = await place.tau(["run", "--server", url, "--cwd", cwd, "Make it"]);
      expect([cwd, code]).toEqual([cwd, exitCodes.denied]);
      expect(stderr).toContain(
        "workspace is outside of the folders that are served, or is not there; name one below your own workspace, or have whoever runs the server add it to [serve] folders in its tau.toml. [environment.denied]",
      );
      expect(stderr).not.toContain(place.base);
    }
    for (const cwd of ["..", "sub/../../private"]) {
      const { code, stderr } = await place.tau(["run", "--server", url, "--cwd", cwd, "Make it"]);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/workspace leads upwards; leave "\.\." out/u),
      ]);
    }
    // What a caller writes into a session by hand is looked at when its run begins.
    using client = createTauClient({ baseUrl: url });
    const { sessionId } = await client.createSession({ bootstrap: [{ key: "workspace", content: hidden }] });
    const ends: unknown[] = [];
    for await (const one of client.run({ sessionId, prompt: "x" }))
      if (one.kind === "event" && one.event.type === "run_finished") ends.push(one.event.error?.code);
    expect(ends).toEqual(["environment.denied"]);
    expect(model.server.requests).toEqual([]);
    const both = await place.tau(["run", "--server", url, "--resume", "last", "--cwd", "sub", "x"]);
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining("leave --resume out")]);
  });
});

describe("tau run --server --plan", () => {
  test("plans read-only there; the plan comes back with its hash, and is carried out once as it was approved", async () => {
    await using place = await createPlace();
    const { url, model, folder } = await serve(place, {
      conversations: [
        {
          match: "Plan it",
          turns: [
            make,
            write("made.txt", "x"),
            write("plans/a.md", text),
            { text: "Planned." },
            make,
            { text: "Made." },
            { text: "Made before." },
          ],
        },
      ],
    });
    const at = ["--server", url];

    const planned = await place.tau(["run", ...at, "--plan", "Plan it"]);
    expect([planned.code, planned.stderr]).toEqual([0, ""]);
    expect(planned.stdout).toMatch(/✗ bash echo made.* · denied/u);
    expect(planned.stdout).toMatch(/✗ write made\.txt · denied/u);
    const [, session = ""] =
      /Plan: plans\/a\.md\nTo carry it out: (tau run --server \S+ --resume \S+) --carry-out plans\/a\.md\n/u.exec(
        planned.stdout,
      ) ?? [];
    expect(planned.stdout).toContain(`--approved ${hash}\n`);
    expect(existsSync(join(folder, "made.txt"))).toBe(false);

    const carryOut = [...session.split(" ").slice(1), "--carry-out", "plans/a.md"];
    const asked = await place.tau(carryOut);
    expect([asked.code, asked.stderr]).toEqual([
      exitCodes.denied,
      expect.stringContaining(`--approved ${hash}`),
    ]);
    const other = await place.tau([...carryOut, "--approved", "0".repeat(64)]);
    expect([other.code, other.stderr]).toEqual([exitCodes.denied, expect.stringContaining("[plan.changed]")]);
    expect(existsSync(join(folder, "made.txt"))).toBe(false);
    const done = await place.tau([...carryOut, "--approved", hash, "Quickly"]);
    expect([done.code, done.stderr]).toEqual([0, ""]);
    expect(await readFile(join(folder, "made.txt"), "utf8")).toBe("made\n");
    expect(JSON.stringify(model.server.requests.at(-1)?.body)).toContain("1. Make made.txt.");
    const again = await place.tau([...carryOut, "--approved", hash]);
    expect([again.code, again.stderr]).toEqual([exitCodes.denied, expect.stringContaining("[plan.used]")]);

    // A person may give the question up, or approve the plan again.
    const left = place.onTerminal(carryOut);
    await left.until("Carry out this plan?");
    left.type("\u0003");
    expect((await left.ended).code).toBe(exitCodes.interrupted);
    const running = place.onTerminal(carryOut);
    await running.until("1. Make made.txt.");
    await running.until(`sha256:${hash}`);
    await running.until("Carry out this plan?");
    running.type("y\n");
    expect((await running.ended).code).toBe(0);
  });

  test("shows and carries out plans alone, whatever links there are", async () => {
    await using place = await createPlace();
    const { url, model, folder } = await serve(place, { turns: [make] });
    await writeFile(join(folder, ".env"), "KEY=1");
    await symlink("../.env", join(folder, "plans/env.md"));
    await mkdir(join(folder, "plans/folder.md"));
    await writeFile(join(folder, "plans/big.md"), "x".repeat(262_145));
    for (const name of ["env.md", "folder.md", "big.md", "none.md"]) {
      const run = ["run", "--server", url, "--carry-out", `plans/${name}`, "--approved", "0".repeat(64)];
      const { code, stderr } = await place.tau(run);
      expect([name, code, stderr]).toEqual([name, 2, expect.stringContaining("plan.not_found")]);
    }
    const { code, stderr } = await place.tau(["run", "--server", url, "--carry-out", ".env"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("path is not a plan")]);
    using client = createTauClient({ baseUrl: url });
    const { sessionId } = await client.createSession();
    expect(await client.listPlans(sessionId)).toEqual([]);
    expect(model.server.requests).toEqual([]);
  });

  test("keeps a run to its plan in the server that takes it up after kill -9", async () => {
    await using place = await createPlace();
    const first = await serve(place, { turns: [bash("touch asked.txt"), make, { text: "Made." }] });
    const { folder } = first;
    await writeFile(join(folder, "plans/a.md"), text);
    const carryOut = ["run", "--server", first.url, "--carry-out", "plans/a.md", "--approved", hash];
    const waiting = await place.tau(carryOut);
    expect(waiting.code).toBe(exitCodes.waiting);
    first.serving.child.kill("SIGKILL");
    await first.serving.ended;
    await writeFile(join(folder, "plans/a.md"), `${text}2. Delete all.\n`);

    const { url } = await first.again();
    const at = ["--server", url];
    await place.tau(["approve", "last", "--allow", "--yes", ...at]);
    using client = createTauClient({ baseUrl: url });
    const [session] = (await client.listSessions()).sessions;
    const said: unknown[] = [];
    for await (const one of client.attach({
      sessionId: session?.sessionId ?? "",
      untilRunEnds: session?.runId ?? "",
    }))
      if (one.kind === "event" && one.event.type === "hook_decided") said.push(one.event.reason);
    expect(said.join("\n")).toContain("plan.changed");
    expect(["asked.txt", "made.txt"].map((name) => existsSync(join(folder, name)))).toEqual([false, false]);
  });

  test("takes a request twice for one run, and one run for one plan", async () => {
    await using place = await createPlace();
    const { url, folder } = await serve(place, { turns: [make, { text: "Made." }] });
    await writeFile(join(folder, "plans/a.md"), text);
    await writeFile(join(folder, "plans/b.md"), `${text}b\n`);
    using client = createTauClient({ baseUrl: url });
    const { sessionId } = await client.createSession();
    const run = async (path: string, runId: string): Promise<string> => {
      const sha256 = createHash("sha256")
        .update(await readFile(join(folder, path)))
        .digest("hex");
      const carryOut = { path, sha256, approvalId: "one" };
      try {
        for await (const one of client.run({ sessionId, runId, prompt: "", carryOut }))
          if (one.kind === "event" && one.event.type === "run_finished") return one.event.status;
        return "no end";
      } catch (error) {
        return error instanceof Error && "code" in error ? String(error.code) : String(error);
      }
    };
    expect(await run("plans/a.md", "r1")).toBe("completed");
    expect(await run("plans/a.md", "r1")).toBe("completed");
    expect(await run("plans/a.md", "r2")).toBe("plan.used");
    expect(await run("plans/b.md", "r1")).toBe("plan.not_approved");
  });
});

describe("tau run --server --readiness", () => {
  const needs = JSON.stringify({
    requirements: [
      { id: "region", description: "The region to deploy to", importance: "blocking" },
      { id: "sla", description: "The agreed availability", importance: "low" },
    ],
  });

  test("ends where nobody can be asked, begins nothing there, and says what is to be answered", async () => {
    await using place = await createPlace();
    const { url, model } = await serve(place, { turns: [{ text: "Deployed." }] });
    await place.write("needs.json", needs);
    await place.write("bad.json", JSON.stringify([{ id: "region", importance: "very" }]));
    await place.write("none.json", JSON.stringify({ requirements: "none" }));
    const run = async (file: string): Promise<readonly [number | null, string]> => {
      const { code, stderr } = await place.tau(["run", "--server", url, "--readiness", file, "Deploy"]);
      return [code, stderr];
    };

    expect(await run("needs.json")).toEqual([
      exitCodes.denied,
      expect.stringContaining("To be answered first: The region to deploy to? [readiness.blocked]"),
    ]);
    expect(await run("bad.json")).toEqual([
      2,
      expect.stringContaining("requirements[0].description is missing"),
    ]);
    expect(await run("none.json")).toEqual([2, expect.stringContaining("[readiness.invalid]")]);
    expect(await run("not-there.json")).toEqual([2, expect.stringContaining("cannot be read")]);
    const acquire = ["run", "--server", url, "--readiness", "needs.json", "--acquire", "Deploy"];
    expect((await place.tau(acquire)).stderr).toContain("leave --acquire out");
    expect((await place.tau(["sessions", "list", "--server", url])).stdout).toContain(
      "There are no sessions",
    );

    // Whoever hands it in without asking first is told the same.
    using client = createTauClient({ baseUrl: url });
    const { sessionId } = await client.createSession();
    const { requirements } = JSON.parse(needs);
    const started = client.run({ sessionId, prompt: "Deploy", readiness: { requirements } });
    await expect(started[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "readiness.blocked" });
    expect(model.server.requests).toEqual([]);
  });

  test("asks on the terminal; the answers reach the gate of the run, and its model", async () => {
    await using place = await createPlace();
    const { url, model } = await serve(place, { turns: [{ text: "Deployed." }] });
    await place.write("needs.json", needs);

    const running = place.onTerminal(["run", "--server", url, "--readiness", "needs.json", "Deploy"]);
    await running.until("The region to deploy to?");
    await running.until("> ");
    running.type("eu-west-1\n");
    await running.until("The agreed availability?");
    await running.until("> ");
    running.type("\n");
    expect((await running.ended).code).toBe(0);

    const [request] = model.server.requests;
    expect(JSON.stringify(request?.body)).toContain("The region to deploy to: eu-west-1");
    const { stdout } = await place.tau(["sessions", "list", "--json", "--server", url]);
    const [, session = ""] = /"sessionId":"([^"]+)"/u.exec(stdout) ?? [];
    using client = createTauClient({ baseUrl: url });
    const gates: unknown[] = [];
    for await (const one of client.attach({ sessionId: session })) {
      if (one.kind !== "event") continue;
      if (one.event.type === "hook_decided") gates.push([one.event.hook, one.event.decision]);
      if (one.event.type === "run_finished") break;
    }
    expect(gates).toEqual([["knowledge-readiness", "allow"]]);
  });
});

test("a session at a server begins with the hand-off of another one there", async () => {
  await using place = await createPlace();
  const { url, model } = await serve(place, { turns: [{ text: "Begun." }] });
  await place.tau(["run", "--server", url, "Build the bridge"]);

  const { code, stderr } = await place.tau(["run", "--server", url, "--handoff", "last", "Go on"]);

  expect([code, stderr]).toEqual([0, ""]);
  expect(JSON.stringify(model.server.requests.at(-1)?.body)).toMatch(/Build the bridge.*Go on/u);
});
