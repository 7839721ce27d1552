import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

import { TauError } from "@tau/core";

import type { ContainerEngine } from "../engine/container-engine.ts";
import { demultiplex } from "../engine/demultiplex.ts";
import { fieldsOf, textOf } from "../engine/fields.ts";
import { removeContainer } from "../leftovers/remove-leftovers.ts";

const readyLimitMs = 30_000;
const sweepLimitMs = 10_000;
const removeLimitMs = 60_000;

/** What a container is like once nothing runs in it: `used` when a command left something in its private folders. */
export type SweptState = "clean" | "used" | "removed";

/** A container whose first process is the supervisor. */
export interface LiveContainer {
  readonly id: string;
  /** Whether commands can be run in it. */
  isAlive(): boolean;
  /** Asks every process in it to end. */
  terminate(): void;
  /** Ends every process in it, and settles when nothing is alive. A container whose supervisor does not answer is removed. */
  sweep(): Promise<SweptState>;
  remove(): Promise<void>;
}

/** Makes and starts a container, and waits for its supervisor. What fails on the way is removed. */
export async function startContainer(
  engine: ContainerEngine,
  spec: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<LiveContainer> {
  const created = await engine.ask({ method: "POST", path: "/containers/create", body: spec }, signal);
  const id = textOf(fieldsOf(created)["Id"]);
  if (!/^[0-9a-f]{12,64}$/u.test(id)) {
    throw new TauError("container.engine_failed", "The container engine named no container.");
  }
  const path = `/containers/${id}`;
  try {
    const query = { stream: true, stdin: true, stdout: true, stderr: true };
    const socket = await engine.hijack({ method: "POST", path: `${path}/attach`, query }, signal);
    const control = createControl(socket);
    await engine.ask({ method: "POST", path: `${path}/start` }, signal);
    await control.hears("ready", AbortSignal.any([signal, AbortSignal.timeout(readyLimitMs)]));
    return live(engine, id, control);
  } catch (error) {
    await removeContainer(engine, id, AbortSignal.timeout(removeLimitMs)).catch(() => undefined);
    signal.throwIfAborted();
    throw error;
  }
}

function live(engine: ContainerEngine, id: string, control: Control): LiveContainer {
  let removal: Promise<void> | undefined;
  const remove = async (): Promise<void> => {
    control.close();
    removal ??= removeContainer(engine, id, AbortSignal.timeout(removeLimitMs));
    await removal;
  };
  return {
    id,
    isAlive: () => removal === undefined && control.isOpen(),
    terminate: () => control.say("term"),
    remove,
    async sweep() {
      if (removal === undefined && control.isOpen()) {
        const word = randomUUID();
        control.say(`sweep ${word}`);
        const state = await control
          .hears(`swept ${word} `, AbortSignal.timeout(sweepLimitMs))
          .catch(() => "stuck");
        if (state === "clean" || state === "used") return state;
      }
      await remove();
      return "removed";
    },
  };
}

/** The line to a container's supervisor. */
interface Control {
  isOpen(): boolean;
  say(line: string): void;
  /** Waits for a line that begins so, and answers its rest. */
  hears(start: string, signal: AbortSignal): Promise<string>;
  close(): void;
}

function createControl(socket: Duplex): Control {
  let open = true;
  let partial = "";
  let said: readonly string[] = [];
  const heard = new EventTarget();
  const listener = demultiplex((chunk) => {
    const lines = `${partial}${Buffer.from(chunk).toString("utf8")}`.split("\n");
    partial = (lines.pop() ?? "").slice(-1000);
    said = [...said, ...lines].slice(-20);
    heard.dispatchEvent(new Event("line"));
  });
  socket.on("data", (chunk: Uint8Array) => {
    try {
      listener(chunk);
    } catch {
      socket.destroy(); // no supervisor speaks like that
    }
  });
  const close = (): void => {
    open = false;
    heard.dispatchEvent(new Event("line"));
    socket.destroy();
  };
  socket.once("end", close);
  socket.once("close", close);
  return {
    isOpen: () => open,
    close,
    say(line) {
      if (open) socket.write(`${line}\n`);
    },
    async hears(start, signal) {
      for (;;) {
        const line = said.find((candidate) => candidate.startsWith(start));
        if (line !== undefined) return line.slice(start.length).trim();
        if (!open) throw silent();
        await once(heard, "line", { signal }).catch((error: unknown) => {
          throw silent(error);
        });
      }
    },
  };
}

function silent(cause?: unknown): TauError {
  return new TauError(
    "container.unavailable",
    "The first process of the container does not answer. The image needs /bin/sh for this processor.",
    { cause },
  );
}

/** Waits for `promise`, but no longer than `limitMs`; whether it settled. */
export async function settlesWithin(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  const over = new AbortController();
  try {
    return await Promise.race([
      promise.then(
        () => true,
        () => true,
      ),
      delay(limitMs, false, { signal: over.signal }).catch(() => false),
    ]);
  } finally {
    over.abort();
  }
}
