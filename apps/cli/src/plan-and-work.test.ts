import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { createPlace, newestSession, startScripted } from "./cli.test.support.ts";

const write = (path: string, content: string): { name: string; arguments: Record<string, string> } => ({
  name: "write",
  arguments: { path, content },
});
const bash = (command: string): { name: string; arguments: Record<string, string> } => ({
  name: "bash",
  arguments: { command },
});

describe("tau run --plan", () => {
  test("reads, writes the plan and nothing else, and says how to have it carried out", async () => {
    await using place = await createPlace("/var/tmp");
    // What the person allows is for doing.
    await place.write(
      "own.toml",
      "[permissions]\nallow = ['write(src/**)', 'bash(*)', 'http', 'network', 'send']\n",
    );
    await place.write("src/a.txt", "one\n");
    await using model = await startScripted({
      turns: [
        {
          toolCalls: [
            write("src/a.txt", "two"),
            bash("echo three > src/a.txt; cat src/a.txt"),
            { name: "http", arguments: { method: "POST", url: "http://127.0.0.1:1/" } },
            write("plans/logger.md", "# Replace the logger\n"),
          ],
        },
        { text: "The plan has one step." },
      ],
    });
    const plan = ["run", "--plan", "--config", "own.toml", ...model.options];
    const { code, stdout, stderr } = await place.spawn([...plan, "Plan it"]).ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/✗ write src\/a\.txt · denied/u);
    expect(stdout).toMatch(/✗ bash echo three.* · denied/u);
    expect(stdout).toMatch(/✗ http .* · denied/u);
    expect(stdout).toMatch(/✓ write plans\/logger\.md/u);
    const session = await newestSession(place);
    expect(stdout).toMatch(
      new RegExp(
        `■ done.*\nPlan: plans/logger\\.md\nTo carry it out: tau run --resume ${session} --carry-out plans/logger\\.md\n.*--approved [0-9a-f]{64}\n$`,
        "u",
      ),
    );
    expect(await readFile(join(place.cwd, "src/a.txt"), "utf8")).toBe("one\n");
    expect(await readFile(join(place.cwd, "plans/logger.md"), "utf8")).toBe("# Replace the logger\n");
    const body = JSON.stringify(model.server.requests[0]?.body);
    expect(body).toContain("You plan, and change nothing");
  });

  test("keeps commands from writing by the jail, says when there is no plan, and goes on by doing", async () => {
    await using place = await createPlace("/var/tmp");
    await place.write("run.sh", "echo made > made.txt\n");
    await using model = await startScripted({
      turns: [
        { toolCalls: [bash("sh run.sh")] },
        { text: "I have no plan." },
        { toolCalls: [bash("sh run.sh")] },
        { text: "Made." },
      ],
    });
    const planned = await place.tau(["run", "--plan", ...model.options, "Plan"]);
    expect(planned.stdout).toContain("Read-only file system");
    expect(existsSync(join(place.cwd, "made.txt"))).toBe(false);
    expect(planned.stdout).toMatch(/No plan was written\. To go on: tau run --plan --resume \S+ "…"\n$/u);
    const done = await place.tau(["run", ...model.options, "--resume", "last", "Carry it out"]);
    expect(done.code).toBe(0);
    expect(existsSync(join(place.cwd, "made.txt"))).toBe(true);
  });

  test("takes nothing that would make it more than a plan", async () => {
    await using place = await createPlace();
    for (const more of [["--profile", "full"], ["--network"], ["--review"]]) {
      const { code, stderr } = await place.tau(["run", "--plan", ...more, "hi"]);
      expect(stderr).toContain(`--plan reads, and writes the plan alone: leave ${more[0]} out.`);
      expect(code).toBe(2);
    }
  });
});

describe("tau sessions todos and jobs", () => {
  test("show what is to be done and what ran in the background; the end of a run tells of jobs that it ended", async () => {
    await using place = await createPlace();
    await using model = await startScripted({
      turns: [
        {
          toolCalls: [
            {
              name: "todo",
              arguments: {
                items: [
                  { text: "Start the server", status: "completed" },
                  { text: "Look at it", status: "pending" },
                ],
              },
            },
            { name: "bash", arguments: { command: "exec sleep 600", background: true } },
            { name: "bash", arguments: { command: "exit 7", background: true } },
          ],
        },
        { toolCalls: [bash("true")] },
        { text: "It runs." },
      ],
    });
    const none = await place.tau(["run", ...model.options, "--max-steps", "1", "hi"]);
    expect(none.code).toBe(4);
    const { stdout } = none;
    expect(stdout).toMatch(
      /… still running, and ended with the run: exec sleep 600 \(job-[0-9a-f]{8}\)\n.*■/u,
    );
    expect((await place.tau(["sessions", "todos", "last"])).stdout).toBe(
      "[x] Start the server\n[ ] Look at it\n",
    );
    const jobs = await place.tau(["sessions", "jobs", "last"]);
    expect(jobs.stdout).toMatch(/^job-[0-9a-f]{8} {2}ended with its run +exec sleep 600\n/u);
    const lines = (await place.tau(["sessions", "jobs", "last", "--json"])).stdout.trimEnd().split("\n");
    expect(lines.map((line): { status: string } => JSON.parse(line))).toMatchObject([
      { command: "exec sleep 600", status: "ended_with_run" },
      { command: "exit 7" },
    ]);
    const empty = await startScripted({ turns: [{ text: "Fine." }] });
    await using _ = empty;
    await place.tau(["run", ...empty.options, "hi"]);
    expect((await place.tau(["sessions", "jobs", "last"])).stdout).toContain("no background jobs");
    expect((await place.tau(["sessions", "todos", "last"])).stdout).toContain("no list");
  });
});
