import { execFile, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { setImmediate as nextTick } from "node:timers/promises";
import { promisify } from "node:util";

import { createTauClient, eventFromProto } from "@tau/client";
import type { RunEvent } from "@tau/core";
import { fromJsonString } from "@bufbuild/protobuf";
import { RunResponseSchema } from "@tau/proto";
import { describe, expect, it } from "vitest";

import { factTypes, openHarness, waitForEnd } from "./server-harness.test.support.ts";
import type { Harness } from "./server-harness.test.support.ts";

const sessionId = "s1";
const execFileAsync = promisify(execFile);

/** What curl got: the head of the answer and its body. */
interface Got {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

interface Curl {
  readonly kill: () => void;
  /** Settles when the output holds the text. */
  readonly until: (text: string) => Promise<void>;
  readonly ended: Promise<Got>;
}

function curl(...args: readonly string[]): Curl {
  const child = spawn("curl", ["-sSN", "-w", "\n%{http_code} %{content_type}", ...args]);
  let said = "";
  let heard = (): void => undefined;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    heard();
  });
  const ended = new Promise<Got>((resolve) => {
    child.on("close", () => {
      heard();
      const end = said.lastIndexOf("\n");
      const [status = "", ...type] = said.slice(end + 1).split(" ");
      resolve({ status: Number(status), type: type.join(" "), body: said.slice(0, end) });
    });
  });
  return {
    ended,
    kill: () => child.kill(),
    async until(text) {
      while (!said.includes(text)) await new Promise<void>((resolve) => (heard = resolve));
    },
  };
}

async function ranOnce(harness: Harness, prompt: string): Promise<void> {
  using client = createTauClient({ baseUrl: harness.server.url });
  await client.createSession({ externalId: sessionId });
  await factTypes(client.run({ sessionId, prompt, runId: "r1" }));
}

function feedOf({ server }: Harness, query = ""): string {
  return `${server.url}/v1/sessions/${sessionId}/events${query}`;
}

function eventsIn(lines: readonly string[]): readonly RunEvent[] {
  return lines.flatMap((line) => eventFromProto(fromJsonString(RunResponseSchema, line)) ?? []);
}

function seqsIn(lines: readonly string[]): readonly number[] {
  return eventsIn(lines).flatMap((one) => (one.kind === "event" ? [one.seq] : []));
}

describe("the event feed", () => {
  it.each([["--http1.1"], ["--http2-prior-knowledge"]])(
    "F1. replays lines of JSON to curl %s, from any cursor, until a run ends",
    async (version) => {
      await using harness = await openHarness();
      await ranOnce(harness, "Hello");

      const all = await curl(version, feedOf(harness, "?until_run=r1")).ended;
      expect([all.status, all.type]).toEqual([200, "application/x-ndjson; charset=utf-8"]);
      const lines = all.body.trimEnd().split("\n");
      expect(seqsIn(lines)).toEqual([1, 2, 3, 4]);
      expect(eventsIn(lines).at(-1)).toMatchObject({ event: { type: "run_finished" } });

      const rest = await curl(version, feedOf(harness, "?after=2&until_run=r1")).ended;
      expect(rest.body.trimEnd().split("\n")).toEqual(lines.slice(2));
    },
  );

  it("F1. follows what comes: a run that begins while it listens, fragments and all", async () => {
    await using harness = await openHarness();
    using client = createTauClient({ baseUrl: harness.server.url });
    await client.createSession({ externalId: sessionId });
    const feed = curl("-D", "-", feedOf(harness, "?after=1"));
    // It listens although there is nothing yet.
    await feed.until("200 OK");
    await factTypes(client.run({ sessionId, prompt: "stream 20" }));
    await feed.until('"finished"');
    feed.kill();

    const { body } = await feed.ended;
    const events = eventsIn(body.split("\n").filter((line) => line.startsWith("{")));
    expect(events.flatMap((one) => (one.kind === "event" ? [one.seq] : []))).toEqual([2, 3, 4]);
    expect(events.some((one) => one.kind === "delta")).toBe(true);
  });

  it("F1. speaks server-sent events to whoever accepts them, and takes up where Last-Event-ID says", async () => {
    await using harness = await openHarness();
    await ranOnce(harness, "Hello");
    const accept = ["-H", "accept: text/event-stream"];

    const all = await curl(...accept, feedOf(harness, "?until_run=r1")).ended;
    expect(all.type).toBe("text/event-stream; charset=utf-8");
    const blocks = all.body.trimEnd().split("\n\n");
    expect(blocks.map((block) => /^id: (\d+)$/mu.exec(block)?.[1])).toEqual(["1", "2", "3", "4"]);
    expect(seqsIn(blocks.map((block) => block.replace(/^id: .*\n/u, "").slice("data: ".length)))).toEqual([
      1, 2, 3, 4,
    ]);

    const back = await curl(...accept, "-H", "last-event-id: 3", feedOf(harness, "?after=0&until_run=r1"))
      .ended;
    expect(back.body.trimEnd().split("\n\n")).toEqual(blocks.slice(3));
    // Nothing is left to come back for.
    const over = await curl(...accept, "-H", "last-event-id: 4", feedOf(harness, "?until_run=r1")).ended;
    expect([over.status, over.body]).toEqual([204, ""]);
  });

  it("is followed by the lines of the README", async () => {
    await using harness = await openHarness();
    await ranOnce(harness, "Hello");
    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    const lines = readme.split("\n").filter((line) => line.startsWith("curl -N "));
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      // The first one would follow for ever.
      const ending = line.replace("after=2'", "after=2&until_run=r1'");
      const { stdout } = await execFileAsync("sh", [
        "-c",
        // jq need not be there: what curl writes is what counts.
        ending.replace("http://127.0.0.1:7117", harness.server.url).replace(/ \| jq .*/u, ""),
      ]);
      expect(stdout).toContain("SESSION_STATUS_COMPLETED");
    }
  });

  it("F2. ends with its client, and the run goes on", async () => {
    await using harness = await openHarness();
    using client = createTauClient({ baseUrl: harness.server.url });
    await client.createSession({ externalId: sessionId });
    const run = client.run({ sessionId, prompt: "sleep", runId: "r1", detach: true });
    await run[Symbol.asyncIterator]().next();
    const tool = await harness.nextToolProcess();
    const feed = curl(feedOf(harness));
    await feed.until('"started"');
    expect(harness.server.stats.openStreams).toBeGreaterThan(0);
    feed.kill();
    await feed.ended;
    while (harness.server.stats.openStreams > 1) await nextTick();

    expect((await client.getSession(sessionId)).status).toBe("running");
    await client.cancelRun({ sessionId, runId: "r1" });
    expect(await tool.ended).toBe("SIGKILL");
    expect(await waitForEnd(harness.journal, sessionId)).toContain('"cancelled"');
  });

  it("F3. says as its last line why it breaks, and where to go on", async () => {
    const harness = await openHarness();
    await ranOnce(harness, "Hello");
    const feed = curl(feedOf(harness));
    await feed.until('"seq":"4"');
    await harness.server.close();
    const last = (await feed.ended).body.trimEnd().split("\n").at(-1) ?? "";
    expect(JSON.parse(last)).toMatchObject({
      failure: { code: "server.shutting_down", class: "ERROR_CLASS_RETRYABLE", resumeFromSeq: "5" },
    });
  });

  it.each([
    ["?after=x", "after", "last event you had"],
    ["?after=-1", "after", "last event you had"],
    ["?until_waiting=yes", "until_waiting", "neither true nor false"],
    ["?until_waiting=true", "until_run_id", "name the run"],
    ["?from=3", "from", "is no parameter"],
    ["?until_run=a%2Fb", "until_run_id", "is not an id"],
  ])("refuses %s naming the field", async (query, field, reason) => {
    await using harness = await openHarness();
    const { status, body } = await curl(feedOf(harness, query)).ended;
    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({
      failure: {
        code: "request.invalid",
        violations: [{ field, reason: expect.stringContaining(reason) }],
      },
    });
  });

  it("F4. says again and again that it is there while nothing happens, in lines and in events", async () => {
    await using harness = await openHarness({ limits: { keepAliveMs: 5 } });
    await ranOnce(harness, "Hello");
    const lines = curl(feedOf(harness, "?after=3"));
    const events = curl("-H", "accept: text/event-stream", feedOf(harness, "?after=3"));

    await lines.until("\n\n\n\n");
    await events.until(":\n\n:\n\n:\n\n");
    lines.kill();
    events.kill();

    const [first = "", ...rest] = (await lines.ended).body.split("\n");
    expect(seqsIn([first])).toEqual([4]);
    expect(rest.join("")).toBe("");
    expect((await events.ended).body.replaceAll(/^(?::\n\n)+$/gmu, "")).toMatch(
      /^id: 4\ndata: .*\n\n[:\n]*$/u,
    );
  });

  it("refuses cursors beyond the end, sessions that are not there, and what only GET can ask", async () => {
    await using harness = await openHarness();
    await ranOnce(harness, "Hello");
    const beyond = await curl(feedOf(harness, "?after=99")).ended;
    expect(beyond.status).toBe(400);
    expect(JSON.parse(beyond.body)).toMatchObject({
      failure: {
        code: "request.invalid",
        violations: [{ field: "after", reason: expect.stringMatching(/newest event, which is \d+;/u) }],
      },
    });
    const back = await curl("-H", "last-event-id: 99", feedOf(harness)).ended;
    expect(back.body).toContain('"Last-Event-ID"');
    const none = await curl(`${harness.server.url}/v1/sessions/none/events`).ended;
    expect([none.status, none.body]).toEqual([404, expect.stringContaining("session.not_found")]);
    const odd = await curl(`${harness.server.url}/v1/sessions/%E0%A4%A/events`).ended;
    expect([odd.status, odd.body]).toEqual([400, expect.stringContaining("session_id")]);
    expect((await curl("-X", "POST", "-d", "x", feedOf(harness)).ended).status).toBe(405);
  });

  it("passes the same door: token, tenant, foreign pages and the number of streams", async () => {
    process.env["TAU_TEST_FEED_TOKEN"] = "0123456789abcdef0123";
    await using harness = await openHarness({ token: "env:TAU_TEST_FEED_TOKEN", limits: { maxStreams: 0 } });
    const bearer = ["-H", "authorization: Bearer 0123456789abcdef0123"];
    const stranger = await curl(feedOf(harness)).ended;
    expect([stranger.status, stranger.body]).toEqual([
      401,
      expect.stringContaining("server.unauthenticated"),
    ]);
    const page = await curl(...bearer, "-H", "origin: https://evil.example", feedOf(harness)).ended;
    expect([page.status, page.body]).toEqual([403, expect.stringContaining("server.origin_refused")]);
    await harness.runtime.createSession({ externalId: sessionId }, harness.contextOf("token"));
    const full = await curl(...bearer, feedOf(harness)).ended;
    expect([full.status, full.body]).toEqual([429, expect.stringContaining("server.too_many_streams")]);
  });

  it("holds at most 64 KiB for a client that reads nothing, and loses nothing for it", async () => {
    await using harness = await openHarness({ limits: { slowAfterMs: 1 } });
    using client = createTauClient({ baseUrl: harness.server.url });
    await client.createSession({ externalId: sessionId });
    const content = "x".repeat(4_000);
    const entries = Array.from({ length: 7 }, (_, index) => ({ key: `k${index}`, content }));
    for (let turn = 0; turn < 60; turn++) {
      await client.injectContext({ sessionId, entries });
      await factTypes(client.run({ sessionId, prompt: `turn ${turn}`, runId: `r${turn}` }));
    }
    const { version } = await client.getSession(sessionId);

    const socket = connect(harness.server.port, "127.0.0.1");
    socket.pause();
    socket.write(`GET /v1/sessions/${sessionId}/events?until_run=r59 HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n`);
    // It is slow until everything that fits between the two is full, and the server has let go.
    for (let ticks = 0; ticks < 20_000; ticks++) await nextTick();
    socket.resume();
    let text = "";
    for await (const chunk of socket.setEncoding("utf8")) text += String(chunk);

    const lines = text.slice(text.indexOf("\r\n\r\n") + 4).split("\n");
    expect(seqsIn(lines.filter((line) => line !== ""))).toEqual(
      Array.from({ length: version }, (_, index) => index + 1),
    );
    expect(harness.server.stats.peakStreamBytes).toBeGreaterThan(16 * 1024);
    expect(harness.server.stats.peakStreamBytes).toBeLessThanOrEqual(64 * 1024);
  });
});
