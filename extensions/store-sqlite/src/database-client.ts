import { Worker } from "node:worker_threads";

import { TauError } from "@tau/core";
import { journalClosed } from "@tau/runtime";

import type { Answers, Operation, Request, Response } from "./protocol.ts";

/** Talks to the database thread. */
export interface DatabaseClient {
  /** Carries out an operation; everything asked in one turn of the event loop travels together. */
  ask<Op extends Operation["op"]>(operation: Extract<Operation, { readonly op: Op }>): Promise<Answers[Op]>;
  /** Refuses new operations, finishes those under way and ends the thread. */
  close(): Promise<void>;
}

interface Pending {
  /** A method, so that it takes the answer of one operation where any may come: the id says which it is. */
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** Starts the database thread. */
export function createDatabaseClient(directory: string): DatabaseClient {
  // The same file with another ending: as written here, or as built.
  const file = new URL(
    import.meta.url.endsWith(".ts") ? "./database-thread.ts" : "./database-thread.js",
    import.meta.url,
  );
  const worker = new Worker(file, { workerData: { directory }, name: "tau-store" });
  const pending = new Map<number, Pending>();
  let outbox: Request[] = [];
  let lastId = 0;
  let refusal: Error | undefined;

  const fail = (error: Error): void => {
    refusal ??= error;
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  worker.on("message", (responses: readonly Response[]) => {
    for (const response of responses) settle(pending, response);
  });
  worker.on("error", (error) => fail(threadEnded(error)));
  worker.on("exit", () => fail(threadEnded(undefined)));

  const flush = (): void => {
    const requests = outbox;
    outbox = [];
    worker.postMessage(requests);
  };
  const send: DatabaseClient["ask"] = (operation) =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      pending.set(id, { resolve, reject });
      if (outbox.length === 0) setImmediate(flush);
      outbox.push({ id, operation });
    });

  return {
    ask: (operation) => (refusal === undefined ? send(operation) : Promise.reject(refusal)),
    async close() {
      if (refusal !== undefined) return;
      refusal = journalClosed();
      await send({ op: "close" });
      await worker.terminate();
    },
  };
}

function settle(pending: Map<number, Pending>, response: Response): void {
  const waiting = pending.get(response.id);
  pending.delete(response.id);
  if (waiting === undefined) return;
  if (response.ok) waiting.resolve(response.answer);
  else waiting.reject(toTauError(response));
}

function toTauError({ code, message, version }: Extract<Response, { readonly ok: false }>): TauError {
  const passing = code === "journal.unavailable" || code === "journal.conflict";
  return new TauError(code, message, {
    class: passing ? "retryable" : "permanent",
    ...(version === undefined ? {} : { details: { actualVersion: version } }),
  });
}

function threadEnded(cause: unknown): TauError {
  return new TauError(
    "journal.unavailable",
    "The thread that writes the journal ended; open the store again.",
    {
      class: "retryable",
      cause,
    },
  );
}
