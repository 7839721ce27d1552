import { connect } from "node:http2";

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createTauClient } from "@tau/client";
import type { TauClient } from "@tau/client";
import type { RunEvent } from "@tau/core";
import { AttachRequestSchema, AttachResponseSchema } from "@tau/proto";
import { createMemoryJournal } from "@tau/runtime";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createBearerAuthenticator } from "./authenticator.ts";
import { factTypes, openHarness, waitForEnd } from "./server-harness.test.support.ts";

const sessionId = "s1";

async function seqs(stream: AsyncIterable<RunEvent>): Promise<readonly number[]> {
  const all: number[] = [];
  for await (const one of stream) if (one.kind === "event") all.push(one.seq);
  return all;
}

function upTo(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}

async function next(stream: AsyncIterator<RunEvent>): Promise<RunEvent> {
  const { value, done } = await stream.next();
  if (done === true) throw new Error("The stream ended.");
  return value;
}

describe("Attach", () => {
  it("gives every event once, in order, from any cursor, while others are written", async () => {
    await using harness = await openHarness();
    using client = createTauClient({ baseUrl: harness.server.url });
    await client.createSession({ externalId: sessionId });
    await factTypes(client.run({ sessionId, prompt: "stream 50" }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 }),
        async (cursors) => {
          const { version } = await client.getSession(sessionId);
          const runId = `run-${version}`;
          const listeners = cursors.map((at) => {
            const fromSeq = 1 + Math.floor(at * version);
            return { fromSeq, got: seqs(client.attach({ sessionId, fromSeq, untilRunEnds: runId })) };
          });
          const running = factTypes(client.run({ sessionId, runId, prompt: "stream 200" }));
          const late = seqs(client.attach({ sessionId, fromSeq: 1, untilRunEnds: runId }));
          await running;
          const end = (await client.getSession(sessionId)).version;
          for (const { fromSeq, got } of listeners) expect(await got).toEqual(upTo(fromSeq, end));
          expect(await late).toEqual(upTo(1, end));
        },
      ),
      { numRuns: 15 },
    );
  });

  it("only detaches when it is cancelled: the run goes on", async () => {
    await using harness = await openHarness();
    using client = createTauClient({ baseUrl: harness.server.url });
    await client.createSession({ externalId: sessionId });
    const run = client.run({ sessionId, prompt: "sleep", runId: "r1", detach: true })[Symbol.asyncIterator]();
    await next(run);
    const tool = await harness.nextToolProcess();
    const leave = new AbortController();
    const listening = seqs(client.attach({ sessionId, signal: leave.signal }));
    await run.return?.();
    leave.abort();
    await expect(listening).rejects.toMatchObject({ class: "cancelled" });
    expect((await client.getSession(sessionId)).status).toBe("running");
    await client.cancelRun({ sessionId, runId: "r1" });
    expect(await tool.ended).toBe("SIGKILL");
    expect(await waitForEnd(harness.journal, sessionId)).toContain('"cancelled"');
  });

  it("refuses one stream too many, and takes the next when one has ended", async () => {
    await using harness = await openHarness({ limits: { maxStreams: 1 } });
    using client = createTauClient({ baseUrl: harness.server.url, reconnect: { attempts: 0 } });
    await client.createSession({ externalId: sessionId });
    const first = client.attach({ sessionId })[Symbol.asyncIterator]();
    await next(first);
    await expect(seqs(client.attach({ sessionId }))).rejects.toMatchObject({
      code: "server.too_many_streams",
    });
    await first.return?.();
    using patient = createTauClient({ baseUrl: harness.server.url, reconnect: { baseDelayMs: 1 } });
    expect(await next(patient.attach({ sessionId })[Symbol.asyncIterator]())).toMatchObject({ seq: 1 });
  });

  it("lets no tenant take the streams of the others", async () => {
    const tenants = createBearerAuthenticator(
      ["acme", "bauhaus"].map((tenant) => ({
        token: `the-token-of-${tenant}`,
        tenant,
        principal: { id: "ada", kind: "person" as const, scopes: ["*"] },
      })),
    );
    await using harness = await openHarness({ authenticator: tenants, limits: { maxStreams: 2 } });
    const clientOf = (tenant: string): ReturnType<typeof createTauClient> =>
      createTauClient({
        baseUrl: harness.server.url,
        token: `the-token-of-${tenant}`,
        reconnect: { attempts: 0 },
      });
    using acme = clientOf("acme");
    using bauhaus = clientOf("bauhaus");
    for (const client of [acme, bauhaus]) await client.createSession({ externalId: sessionId });
    const held = acme.attach({ sessionId })[Symbol.asyncIterator]();
    await next(held);

    await expect(seqs(acme.attach({ sessionId }))).rejects.toMatchObject({
      code: "server.too_many_streams",
      message: expect.stringContaining("maxStreamsPerTenant"),
    });
    const other = bauhaus.attach({ sessionId })[Symbol.asyncIterator]();
    expect(await next(other)).toMatchObject({ seq: 1 });
    for (const stream of [held, other]) await stream.return?.();
  });
});

describe("Run", () => {
  it("waits for a person, and goes on when one answers through another call", async () => {
    await using harness = await openHarness();
    using client = createTauClient({ baseUrl: harness.server.url });
    await client.createSession({ externalId: sessionId });
    const run = { sessionId, runId: "r1", prompt: "ask" };
    const before = await factTypes(client.run({ ...run, untilWaiting: true, detach: true }));
    expect(before.slice(-2)).toEqual(["approval_requested", "run_waiting"]);
    const { status, pending, version } = await client.getSession(sessionId);
    expect([status, pending[0]?.tool]).toEqual(["waiting", "ask"]);
    const after = factTypes(client.attach({ sessionId, fromSeq: version + 1, untilRunEnds: "r1" }));
    await client.respond({ sessionId, approvalId: pending[0]?.approvalId ?? "", answer: "allow" });
    expect(await after).toEqual(expect.arrayContaining(["approval_answered", "effect_finished"]));
    await expect(
      client.respond({ sessionId, approvalId: pending[0]?.approvalId ?? "", answer: "allow" }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^approval\./) });
  });

  it("takes pictures, limits and context, lists and forks", async () => {
    await using harness = await openHarness();
    using client = createTauClient({ baseUrl: harness.server.url });
    await client.createSession({ externalId: sessionId, bootstrap: [{ key: "project", content: "Tau" }] });
    await client.injectContext({ sessionId, entries: [{ key: "note", content: "late" }] });
    const prompt = {
      role: "user",
      parts: [
        { type: "text", text: "Look" },
        { type: "image", mediaType: "image/png", source: { kind: "base64", data: "aGk=" } },
      ],
    } as const;
    const events: RunEvent[] = [];
    for await (const one of client.run({ sessionId, prompt, limits: { maxSteps: 3 } })) events.push(one);
    const started = events.find((one) => one.kind === "event" && one.event.type === "run_started");
    expect(started).toMatchObject({ event: { prompt, limits: { maxSteps: 3 } } });
    const { version } = await client.getSession(sessionId);
    const fork = await client.forkSession({ sessionId, atSeq: version });
    expect(fork).toMatchObject({ version, turns: 1, status: "completed" });
    const page = await client.listSessions({ limit: 1 });
    expect(page.sessions.map((one) => one.sessionId)).toHaveLength(1);
    const rest = await client.listSessions({ limit: 5, before: page.nextBefore ?? "" });
    expect([...page.sessions, ...rest.sessions].map((one) => one.sessionId).toSorted()).toEqual(
      [sessionId, fork.sessionId].toSorted(),
    );
  });

  it("is cancelled when our client leaves the stream early", async () => {
    await using harness = await openHarness();
    using client = createTauClient({ baseUrl: harness.server.url });
    await client.createSession({ externalId: sessionId });
    for await (const one of client.run({ sessionId, prompt: "sleep" })) {
      if (one.kind === "event" && one.event.type === "effect_started") break;
    }
    expect(await (await harness.nextToolProcess()).ended).toBe("SIGKILL");
    expect(await waitForEnd(harness.journal, sessionId)).toContain('"cancelled"');
  });
});

describe("a slow client", () => {
  it("holds no more than its share, and misses nothing when it reads again", async () => {
    const limits = { maxBufferedBytes: 8 * 1024, slowAfterMs: 5 };
    await using harness = await openHarness({ limits });
    using client = createTauClient({ baseUrl: harness.server.url });
    await client.createSession({ externalId: sessionId });

    // A bare HTTP/2 client: its flow-control window of 64 KiB fills, and then nothing leaves the server.
    const session = connect(harness.server.url);
    const request = session.request({
      ":method": "POST",
      ":path": "/tau.runtime.v1.RuntimeService/Attach",
      "content-type": "application/connect+proto",
    });
    const message = toBinary(AttachRequestSchema, create(AttachRequestSchema, { sessionId, fromSeq: 1n }));
    request.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
    request.pause();

    for (let i = 0; i < 60; i++) await factTypes(client.run({ sessionId, prompt: "stream 500" }));
    const { version } = await client.getSession(sessionId);
    const { peakStreamBytes } = harness.server.stats;
    // Half of it waits, half is on its way.
    expect(peakStreamBytes).toBeGreaterThan(limits.maxBufferedBytes);
    expect(peakStreamBytes).toBeLessThanOrEqual(2 * limits.maxBufferedBytes);

    expect(await seqsOnWire(request, version)).toEqual(upTo(1, version));
    session.destroy();
  });
});

/** Reads Connect envelopes until the fact `last`, and answers the sequence numbers. */
async function seqsOnWire(stream: AsyncIterable<Buffer>, last: number): Promise<readonly number[]> {
  const all: number[] = [];
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1);
      const { events } = fromBinary(AttachResponseSchema, rest.subarray(5, end));
      for (const { seq } of events) if (seq !== undefined) all.push(Number(seq));
      rest = rest.subarray(end);
    }
    if (all.at(-1) === last) break;
  }
  return all;
}

describe("a shutdown", () => {
  it("ends streams with a cursor, leaves runs to the next server, and our client finds it", async () => {
    const journal = createMemoryJournal();
    await using first = await openHarness({ journal });
    const { port } = first.server;
    using client = createTauClient({ baseUrl: first.server.url, reconnect: { baseDelayMs: 5 } });
    await client.createSession({ externalId: sessionId });
    const run = failureOf(client, { sessionId, prompt: "sleep", runId: "r1" });
    const attached = seqs(client.attach({ sessionId, untilRunEnds: "r1" }));
    await first.nextToolProcess();
    await first.server.close();
    expect(await run).toMatchObject({ code: "server.shutting_down", class: "retryable" });
    expect(await waitingEvents(journal)).not.toContain("run_finished");

    await using second = await openHarness({ journal, port });
    const tool = await second.nextToolProcess();
    await client.cancelRun({ sessionId, runId: "r1" });
    expect(await tool.ended).toBe("SIGKILL");
    const { version } = await client.getSession(sessionId);
    expect(await attached).toEqual(upTo(1, version));
  });

  it("is over when idle connections and health checks are all there is", async () => {
    await using harness = await openHarness({ limits: { drainMs: 60_000 } });
    for (const httpVersion of ["1.1", "2"] as const) {
      const client = createTauClient({ baseUrl: harness.server.url, httpVersion });
      await client.listSessions();
    }
    await harness.server.close();
    await harness.server.close();
    await expect(fetch(`${harness.server.url}/livez`)).rejects.toThrow("fetch failed");
  });
});

async function failureOf(client: TauClient, run: Parameters<TauClient["run"]>[0]): Promise<unknown> {
  return await factTypes(client.run(run)).catch((error: unknown) => error);
}

async function waitingEvents(journal: ReturnType<typeof createMemoryJournal>): Promise<readonly string[]> {
  const id = { tenant: "local", stream: `session/${sessionId}` };
  const types: string[] = [];
  for await (const batch of journal.read(id, 1, new AbortController().signal)) {
    types.push(...batch.map(({ type }) => type));
  }
  return types;
}
