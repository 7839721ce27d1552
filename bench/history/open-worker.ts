/**
 * How long a process that just began takes to the first question to the model: `node open-worker.ts <folder>
 * <session>`, or without a session for a new one.
 */
import { setTimeout as pause } from "node:timers/promises";

import { createSqliteStore } from "@tau/store-sqlite";
import { userText, uuidv7 } from "@tau/core";

import { benchContext, openBenchRuntime } from "../lib/bench-runtime.ts";
import { createFakeModel } from "../lib/fake-model.ts";

/** What opening cost. */
export interface OpeningCost {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Of showing the session, without running anything in it. */
  readonly showMs: number;
}

const [directory = "", session = ""] = process.argv.slice(2);
const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
const tau = await openBenchRuntime(
  await createSqliteStore({ directory }),
  createFakeModel({ tokens: 1, token: "Yes.", batch: 1, onAsked }),
);
const newest = await tau.runtime.createSession({ externalId: uuidv7() }, benchContext);
const sessionId = session === "" ? newest.sessionId : session;
// What starting up still does in the background is not the opening's.
await pause(200);

const showing = performance.now();
await tau.runtime.getSession(sessionId, benchContext);
const showMs = performance.now() - showing;
const cpu = process.cpuUsage();
const start = performance.now();
const { runId, fromSeq } = await tau.runtime.startRun(
  { sessionId, prompt: userText("Still there?") },
  benchContext,
);
await asked;
const wallMs = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
const cost: OpeningCost = { wallMs, cpuMs: (user + system) / 1_000, showMs };
process.stdout.write(`${JSON.stringify(cost)}\n`);
// To its end: what is left open is taken up when the next process starts, whose session would then be open already.
for await (const batch of tau.runtime.attach({ sessionId, fromSeq, untilRunEnds: runId }, benchContext)) {
  if (batch.length === 0) throw new Error("An empty batch came.");
}
await tau[Symbol.asyncDispose]();
