import { mkdir, mkdtemp, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { untrusted, userText, uuidv7 } from "@tau/core";
import type { CallContext, Label, SessionEvent } from "@tau/core";
import {
  createBashTool,
  createHostEnvironment,
  createReadTool,
  createWriteTool,
  defineTool,
} from "@tau/tools";
import type { Environment } from "@tau/tools";
import { describe, expect, onTestFinished, test } from "vitest";

import { createFileTaints } from "./file-taints.ts";
import { collect, memoryStore, ofType, openHarness } from "./runtime-harness.test.support.ts";
import type { Answer, Store } from "./runtime-harness.test.support.ts";
import { systemClock } from "./clock.ts";

const page = defineTool({
  name: "page",
  description: "Answers with a page.",
  input: { type: "object" },
  sideEffect: "pure",
  label: untrusted("web:example.org"),
  execute: () => "obey",
});
const call = (name: string, args: object = {}): Answer => ({ calls: [{ name, args }] });
const write = (path: string, content: string): Answer => call("write", { path, content });
const read = (path: string): Answer => call("read", { path });
const bash = (command: string): Answer => call("bash", { command });
const done: Answer = { text: "Done." };
const { signal } = new AbortController();

interface Place {
  readonly workspace: string;
  readonly store: Store;
  file(path: string, text: string): Promise<void>;
  /** Runs the turns in a session of its own. */
  session(turns: readonly Answer[], more?: SessionOptions): Promise<readonly SessionEvent[]>;
}

interface SessionOptions {
  readonly sessionId?: string;
  readonly environment?: (whole: Environment) => Environment;
}

/** A folder that several sessions work in, one after the other. */
async function placeOf(): Promise<Place> {
  const workspace = await realpath(await mkdtemp(join(tmpdir(), "tau-taints-")));
  onTestFinished(() => rm(workspace, { recursive: true, force: true }));
  const store = memoryStore();
  const file = async (path: string, text: string): Promise<void> => {
    await mkdir(join(workspace, path, ".."), { recursive: true });
    await writeFile(join(workspace, path), text);
  };
  return {
    workspace,
    store,
    file,
    async session(turns, { sessionId = uuidv7(), environment }: SessionOptions = {}) {
      await using host = createHostEnvironment({
        profile: { access: "workspace-write", workspace, network: false },
      });
      await using harness = await openHarness({
        turns,
        store,
        tools: [page, createReadTool(), createWriteTool(), createBashTool()],
        openEnvironment: () => Promise.resolve(environment?.(host) ?? host),
        // As if a person allowed whatever is asked: what is looked at is what was written.
        flowFor: () => ({ trustedWorkspace: true }),
      });
      return await answered(harness, sessionId);
    },
  };
}

/** Waits until a file is so old that no clock of files takes it for new. */
async function isOld(path: string): Promise<void> {
  await expect
    .poll(async () => Date.now() - (await stat(path)).ctimeMs, { timeout: 60_000 })
    .toBeGreaterThan(500);
}

/** Runs a session to its end; a person allows what is asked. */
async function answered(
  { runtime, context }: Awaited<ReturnType<typeof openHarness>>,
  sessionId: string,
): Promise<readonly SessionEvent[]> {
  await runtime.createSession({ externalId: sessionId }, context);
  const { runId, fromSeq } = await runtime.startRun({ sessionId, prompt: userText("Go.") }, context);
  const answering = answerAll(runtime, { sessionId, fromSeq, untilRunEnds: runId }, context);
  const events = await collect(runtime.attach({ sessionId, fromSeq, untilRunEnds: runId }, context));
  await answering;
  return events;
}

async function answerAll(
  runtime: Awaited<ReturnType<typeof openHarness>>["runtime"],
  request: { readonly sessionId: string; readonly fromSeq: number; readonly untilRunEnds: string },
  context: CallContext,
): Promise<void> {
  for await (const batch of runtime.attach(request, context)) {
    for (const one of batch) {
      if (one.kind !== "event" || one.event.type !== "approval_requested") continue;
      const { approvalId } = one.event;
      await runtime.respond({ sessionId: request.sessionId, approvalId, answer: "allow" }, context);
    }
  }
}

/** How far each answer of a tool is trusted; `workspace` where it has no label. */
function trustOf(events: readonly SessionEvent[], tool: string): readonly string[] {
  return labelsOf(events, tool).map((label) => label?.integrity ?? "workspace");
}

function labelsOf(events: readonly SessionEvent[], tool: string): readonly (Label | undefined)[] {
  return ofType(events, "effect_finished")
    .filter((event) => event.tool === tool)
    .map(({ result }) => result.content[0]?.label);
}

describe("a file that a session wrote untrusted text to", () => {
  test("is read as untrusted by every later session, which learns where it is from; others are not", async () => {
    const place = await placeOf();
    await place.file("clean.md", "clean");
    const first = uuidv7();
    await place.session([call("page"), write("loot.md", "obey"), done], { sessionId: first });

    const events = await place.session([read("clean.md"), read("loot.md"), done]);

    expect(trustOf(events, "read")).toEqual(["workspace", "untrusted"]);
    expect(labelsOf(events, "read")[1]?.origins).toEqual(
      expect.arrayContaining([`session:${first}`, "web:example.org"]),
    );
  });

  test("is trusted again once somebody gave it another content", async () => {
    const place = await placeOf();
    await place.session([call("page"), write("loot.md", "obey"), done]);
    await place.file("loot.md", "Mine.");

    expect(trustOf(await place.session([read("loot.md"), done]), "read")).toEqual(["workspace"]);
    await place.file("loot.md", "obey");
    expect(trustOf(await place.session([read("loot.md"), done]), "read")).toEqual(["untrusted"]);
  });

  test("is trusted again once a person vouched for it, and not what is written later", async () => {
    const place = await placeOf();
    const where = { tenant: "acme", workspace: place.workspace };
    const taints = createFileTaints(place.store.journal, systemClock);
    await place.session([call("page"), write("loot.md", "obey"), done]);
    const files = await taints.list(where, signal);
    expect(files).toMatchObject([{ path: join(place.workspace, "loot.md") }]);

    await taints.vouch(where, { by: "ada", files }, signal);

    expect(trustOf(await place.session([read("loot.md"), done]), "read")).toEqual(["workspace"]);
    await place.session([call("page"), write("more.md", "obey"), done]);
    expect(trustOf(await place.session([read("more.md"), done]), "read")).toEqual(["untrusted"]);
  });

  test("taints what a later session's commands say, and what it writes with them", async () => {
    const place = await placeOf();
    await place.file("clean.md", "clean");
    await isOld(join(place.workspace, "clean.md"));
    await place.session([call("page"), write("loot.md", "obey"), done]);

    const second = await place.session([bash("cat loot.md > copy.md"), done]);
    const third = await place.session([read("copy.md"), read("clean.md"), done]);

    expect(trustOf(second, "bash")).toEqual(["untrusted"]);
    expect(trustOf(third, "read")).toEqual(["untrusted", "workspace"]);
  });

  test("is nothing to other tenants, nor to sessions in other folders", async () => {
    const [place, other] = [await placeOf(), await placeOf()];
    await place.session([call("page"), write("loot.md", "obey"), done]);
    const taints = createFileTaints(place.store.journal, systemClock);

    for (const where of [
      { tenant: "other", workspace: place.workspace },
      { tenant: "acme", workspace: other.workspace },
    ])
      expect(await taints.list(where, signal)).toEqual([]);
  });
});

describe("a command that untrusted text may have asked for", () => {
  test("taints the files that it changed, whatever time it gave them, and no other", async () => {
    const place = await placeOf();
    await place.file("old.md", "clean");
    await isOld(join(place.workspace, "old.md"));

    await place.session([
      call("page"),
      bash("mkdir -p a/b && echo obey > a/b/new.md && touch -d 2001-01-01 a/b/new.md"),
      done,
    ]);
    const events = await place.session([read("a/b/new.md"), read("old.md"), done]);

    expect(trustOf(events, "read")).toEqual(["untrusted", "workspace"]);
  });

  test("launders nothing by moving the folder that it is in", async () => {
    const place = await placeOf();
    await place.file("kept/old.md", "clean");
    await isOld(join(place.workspace, "kept/old.md"));
    await place.session([call("page"), write("a/loot.md", "obey"), done]);
    await isOld(join(place.workspace, "a/loot.md"));

    await place.session([call("page"), bash("mv a b && touch b && mkdir c && mv b c"), done]);
    const events = await place.session([read("c/b/loot.md"), read("kept/old.md"), done]);

    expect(trustOf(events, "read")).toEqual(["untrusted", "workspace"]);
  });

  test("taints all of the workspace where nobody can tell what it changed", async () => {
    const place = await placeOf();
    await place.file("old.md", "clean");
    const blind = (whole: Environment): Environment => ({
      ...whole,
      exec: async (request, stop) =>
        await whole.exec(request.argv[0] === "find" ? { ...request, argv: ["false"] } : request, stop),
    });

    await place.session([call("page"), bash("true"), done], { environment: blind });

    expect(trustOf(await place.session([read("old.md"), done]), "read")).toEqual(["untrusted"]);
  });

  test("taints the folders of what it changed, where that is very much", async () => {
    const place = await placeOf();
    await place.file("src/old.md", "clean");
    await isOld(join(place.workspace, "src/old.md"));
    const many = "mkdir many && cd many && for i in $(seq 600); do echo obey > $i; done";

    await place.session([call("page"), bash(many), done]);
    const events = await place.session([read("many/7"), read("src/old.md"), done]);

    expect(trustOf(events, "read")).toEqual(["untrusted", "workspace"]);
  });

  test("marks everything before it runs, so that a crash leaves more marked and never less", async () => {
    const place = await placeOf();
    const where = { tenant: "acme", workspace: place.workspace };
    const seen: string[] = [];
    const watching = (whole: Environment): Environment => {
      const look = async (program: string): Promise<void> => {
        const marked = await createFileTaints(place.store.journal, systemClock).list(where, signal);
        seen.push(`${program} ${marked.map(({ path }) => path === place.workspace).join()}`);
      };
      return {
        ...whole,
        async exec(request, stop) {
          await look(request.argv[0]);
          return await whole.exec(request, stop);
        },
        async start(request, stop) {
          await look(request.argv[0]);
          return await whole.start(request, stop);
        },
      };
    };

    await place.session([call("page"), bash("echo obey > new.md"), done], { environment: watching });

    expect(seen).toEqual(["date ", "bash true", "find true"]);
    const after = await createFileTaints(place.store.journal, systemClock).list(where, signal);
    expect(after).toMatchObject([{ path: join(place.workspace, "new.md") }]);
  });
});

describe("createFileTaints()", () => {
  const where = { tenant: "acme", workspace: "/w" };
  const label = untrusted("web:example.org");

  test("marks all of a workspace where there is too much to tell apart", async () => {
    const { journal } = memoryStore();
    const taints = createFileTaints(journal, systemClock);
    const files = Array.from({ length: 2_001 }, (_, index) => ({ path: `/w/${index}`, label, sha256: "a" }));

    await taints.settle(where, { id: "1", files }, signal);

    expect(await taints.list(where, signal)).toEqual([{ path: "/w", label }]);
  });

  test("marks everything where an event cannot be read", async () => {
    const { journal } = memoryStore();
    const taints = createFileTaints(journal, systemClock);
    await taints.open(where, { id: "1", paths: ["/w/a"], label }, signal);
    const [stream] = (await journal.list("acme", { prefix: "taints/", limit: 1 })).map((one) => one.stream);
    const broken = { type: "opened", version: 2, at: 1, body: "{}" };
    await journal.append({ tenant: "acme", stream: stream ?? "" }, 1, [broken]);

    expect((await taints.list(where, signal)).map(({ path }) => path)).toEqual(["/w/a", "/"]);
  });

  test("lets a person vouch for what he was shown alone", async () => {
    const taints = createFileTaints(memoryStore().journal, systemClock);
    const [a, b] = ["/w/a", "/w/b"].map((path) => ({ path, sha256: "1", label }));
    if (a === undefined || b === undefined) throw new TypeError("There are two files.");
    await taints.settle(where, { id: "1", files: [a, b] }, signal);
    const shown = await taints.list(where, signal);
    await taints.settle(where, { id: "2", files: [{ ...a, sha256: "2" }] }, signal);
    await taints.open(where, { id: "3", paths: ["/w"], label }, signal);

    await taints.vouch(where, { by: "ada", files: shown }, signal);

    expect((await taints.list(where, signal)).map(({ path }) => path)).toEqual(["/w/a", "/w"]);
    await taints.vouch(where, { by: "ada", files: [{ path: "/w" }] }, signal);
    expect((await taints.list(where, signal)).map(({ path }) => path)).toEqual(["/w/a"]);
  });

  test("loses nothing when several processes write", async () => {
    const { journal } = memoryStore();
    const [one, other] = [createFileTaints(journal, systemClock), createFileTaints(journal, systemClock)];
    const ids = Array.from({ length: 20 }, (_, index) => index);

    const open = async (id: number): Promise<void> => {
      const taints = id % 2 === 0 ? one : other;
      await taints.open(where, { id: `${id}`, paths: [`/w/${id}`], label }, signal);
    };
    await Promise.all(ids.map(open));

    for (const taints of [one, other]) expect(await taints.list(where, signal)).toHaveLength(20);
  });
});
