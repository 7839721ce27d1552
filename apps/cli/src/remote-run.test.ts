import { existsSync } from "node:fs";
import { join } from "node:path";

import type { Transcript } from "@tau/agent/scripted";
import { expect, onTestFinished, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Place } from "./cli.test.support.ts";

const token = "a-token-of-more-than-16-characters";

interface Served {
  readonly url: string;
  /** Where the server works. */
  readonly folder: string;
  /** Of somebody elsewhere, who has the server's token. */
  readonly env: Readonly<Record<string, string>>;
}

/** A server in a folder and with a store of its own; it ends with the test. */
async function serve(place: Place, transcript: Transcript): Promise<Served> {
  const model = await startScripted(transcript);
  await place.write("served/README.md", "Served.");
  const folder = join(place.cwd, "served");
  const env = { TAU_TOKEN: token, TAU_HOME: join(place.base, "served-home") };
  const args = [
    "serve",
    "--port",
    "0",
    "--token",
    "env:TAU_TOKEN",
    ...model.options,
    "--environment",
    "host",
  ];
  const serving = place.spawn(args, { env, cwd: folder });
  onTestFinished(async () => {
    serving.child.kill("SIGTERM");
    await serving.ended;
    await model[Symbol.asyncDispose]();
  });
  await serving.until("Ctrl-C stops.");
  const [, url = ""] = /Serving \S+ on (\S+) /u.exec(serving.output()) ?? [];
  return { url, folder, env: { MY_TOKEN: token } };
}

const there = (url: string): readonly string[] => ["--server", url, "--token", "env:MY_TOKEN"];
const writes = { toolCalls: [{ name: "write", arguments: { path: "AGENTS.md", content: "hi" } }] };

test("a prompt runs at a server, streams, and goes on there; nothing runs or is kept here", async () => {
  await using place = await createPlace();
  const { url, folder, env } = await serve(place, {
    turns: [
      { toolCalls: [{ name: "bash", arguments: { command: "sort README.md > sorted" } }] },
      { text: "Sorted." },
      { text: "Again." },
    ],
  });
  await place.tau(["permissions", "list", "--server", "local"]);

  const asked = await place.tau(["run", ...there(url), "Sort it"], { env });
  expect(asked.stderr).toContain("The run waits for a person.");
  expect(asked.code).toBe(6);
  const session = /tau run --resume (\S+)/u.exec(asked.stderr)?.[1] ?? "";
  expect(asked.stderr).toMatch(
    new RegExp(`^  tau approve ${session} [0-9a-f-]{36} --server ${url} --allow   \\(or --deny\\)$`, "mu"),
  );
  expect(
    (await place.tau(["approve", session, "--allow", "--yes", "--session", ...there(url)], { env })).code,
  ).toBe(0);
  const run = await place.spawn(["run", "--resume", session, ...there(url)], { env }).ended;
  const over = run.code === 2 ? run.stderr : run.stdout;
  expect(over).toMatch(/Sorted\.\n■ done|has no run under way/u);
  expect(existsSync(join(folder, "sorted"))).toBe(true);
  const grants = await place.tau(["permissions", "list", ...there(url)], { env });
  expect(grants.stdout).toContain("bash(sort README.md)");
  const { stdout } = await place.tau(["permissions", "list", "--json", ...there(url)], { env });
  const { grants: kept }: { readonly grants: readonly { readonly id: string }[] } = JSON.parse(stdout);
  expect((await place.tau(["permissions", "revoke", kept[0]?.id ?? "", ...there(url)], { env })).code).toBe(
    0,
  );
  expect((await place.tau(["permissions", "list", ...there(url)], { env })).stdout).toContain(
    "Nothing is allowed for longer than once.",
  );

  const again = await place.tau(["run", "--quiet", "--resume", "last", ...there(url), "Once more"], { env });
  expect([again.code, again.stdout]).toEqual([0, "Again.\n"]);
  expect((await place.tau(["sessions", "list"])).stdout).toContain("There are no sessions yet");
});

test("asks in place on a terminal, and Ctrl-C cancels the run at the server", async () => {
  await using place = await createPlace();
  const { url, folder, env } = await serve(place, {
    conversations: [
      { match: "Write", turns: [writes, { text: "Written." }] },
      { match: "Wait", turns: [{ text: "late", firstDelayMs: 60_000 }] },
    ],
  });

  const run = place.onTerminal(["run", ...there(url), "Write"], { env });
  await run.until("write wants to run:");
  await run.until("[n]o, or n and why:");
  run.type("y\n");
  await run.until("Written.");
  expect((await run.ended).code).toBe(0);
  expect(existsSync(join(folder, "AGENTS.md"))).toBe(true);

  const waiting = place.spawn(["run", ...there(url), "--json", "Wait"], { env });
  await waiting.until('"run_started"');
  waiting.child.kill("SIGINT");
  const { code, stdout } = await waiting.ended;
  expect(stdout).toContain('"status":"cancelled"');
  expect(code).toBe(130);
});

test("what the server decides cannot be said here, and only an option sends a prompt away", async () => {
  await using place = await createPlace();
  const { url, env } = await serve(place, { turns: [{ text: "There." }] });

  const refused = await place.tau(["run", ...there(url), "--profile", "full", "--acquire", "x"], { env });
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringContaining("leave --profile, --acquire out"),
  ]);
  const bare = await place.tau(["run", "--token", "env:MY_TOKEN", "x"], { env });
  expect([bare.code, bare.stderr]).toEqual([2, expect.stringContaining("--token goes with --server")]);
  const wrong = await place.tau(["run", "--server", url, "x"], { env });
  expect(wrong.code).not.toBe(0);
  await using here = await startScripted({ turns: [{ text: "Here." }] });
  const local = await place.tau(["run", ...here.options, "--quiet", "x"], { env: { TAU_SERVER: url } });
  expect(local.stdout).toBe("Here.\n");
});
