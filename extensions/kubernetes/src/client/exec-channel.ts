import type { ClientRequest, IncomingMessage } from "node:http";
import type { RequestOptions } from "node:https";

import type { Json } from "@tau/core";
import { parseJson, TauError } from "@tau/core";
import { WebSocket } from "ws";
import type { RawData } from "ws";

import type { AskedFor } from "./kube-error.ts";
import { unreachable } from "./kube-error.ts";
import { fieldOf, objectsOf, textOf } from "./kube-fields.ts";
import { refusalOf } from "./refusal.ts";

/** A program to run in a container. */
export interface ExecRequestOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  /** Whether anything is written to standard input. */
  readonly stdin: boolean;
  /** Runs it in a terminal: one stream of output, and sizes can be sent. */
  readonly tty?: boolean;
  /** Called with output as it arrives. What it throws ends the connection and is thrown by `done`. */
  readonly onOutput: (chunk: Buffer, stream: "stdout" | "stderr") => void;
}

/** A running program. The connection's end does not end it: whoever starts it sees to that. */
export interface ExecChannel {
  /**
   * The exit code, once the program has ended and its output is read. Rejects with `kubernetes.unreachable` when the
   * connection ends before, and with the `kubernetes.*` error when the container could not start it.
   */
  readonly done: Promise<number>;
  /** Sends standard input; settles when the system took it. Rejects once the connection has ended. */
  write(data: Uint8Array): Promise<void>;
  /** Ends standard input. */
  closeInput(): void;
  resize(size: { readonly columns: number; readonly rows: number }): void;
  /** Ends the connection. */
  close(): void;
}

/**
 * The subprotocol of Kubernetes 1.30 and later. Those before it cannot end standard input without ending everything, so
 * they are not spoken.
 */
const protocol = "v5.channel.k8s.io";
const [stdinChannel, stdoutChannel, stderrChannel, statusChannel, resizeChannel, closeChannel] = [
  0, 1, 2, 3, 4, 255,
];
const chunkBytes = 32 * 1024;
const handshakeMs = 30_000;
const pingMs = 15_000;

interface Opening extends ExecRequestOptions {
  readonly server: string;
  readonly tls: RequestOptions;
  readonly headers: Readonly<Record<string, string>>;
}

/** Opens the connection; settles once the server has accepted it. */
export async function openExec(options: Opening, signal: AbortSignal): Promise<ExecChannel> {
  signal.throwIfAborted();
  const asked: AskedFor = {
    verb: "create",
    resource: "pods/exec",
    namespace: options.namespace,
    name: options.pod,
  };
  const socket = new WebSocket(urlOf(options), [protocol], {
    ...options.tls,
    headers: { ...options.headers, "user-agent": "tau" },
    handshakeTimeout: handshakeMs,
    perMessageDeflate: false,
    followRedirects: false,
  });
  const done = listen(socket, options.onOutput, asked);
  done.catch(() => undefined); // whoever awaits `done` hears of it
  try {
    await opened(socket, asked, signal);
  } catch (error) {
    socket.terminate();
    signal.throwIfAborted();
    throw error;
  }
  return channelOf(socket, done, asked);
}

function urlOf({ server, namespace, pod, container, command, stdin, tty = false }: Opening): string {
  const query = new URLSearchParams({ container, stdin: String(stdin), stdout: "true" });
  query.set("stderr", String(!tty));
  query.set("tty", String(tty));
  for (const word of command) query.append("command", word);
  const base = server.replace(/^http/u, "ws");
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/exec`;
  return `${base}${path}?${query.toString()}`;
}

async function opened(socket: WebSocket, asked: AskedFor, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => reject(new Error("aborted"));
    signal.addEventListener("abort", onAbort, { once: true });
    const settle = (then: () => void): void => {
      signal.removeEventListener("abort", onAbort);
      then();
    };
    socket.once("open", () => settle(resolve));
    // A server that knows none of the protocols offered may accept the connection all the same.
    socket.once("error", (error) =>
      settle(() => reject(/subprotocol/u.test(error.message) ? tooOld() : unreachable(asked, error))),
    );
    socket.once("unexpected-response", (_: ClientRequest, response: IncomingMessage) => {
      settle(() => {
        refusalOf(response, asked).then(reject, reject);
      });
    });
  });
}

function tooOld(): TauError {
  return new TauError(
    "kubernetes.failed",
    `The cluster does not speak ${protocol}. Commands need Kubernetes 1.30 or later.`,
  );
}

/** Hands over output, and answers how the program ended. */
async function listen(
  socket: WebSocket,
  onOutput: ExecRequestOptions["onOutput"],
  asked: AskedFor,
): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    let failure: unknown;
    socket.on("message", (data: RawData) => {
      const message = Buffer.isBuffer(data) ? data : Buffer.concat([data].flat().map(toBuffer));
      const [channel] = message;
      const chunk = message.subarray(1);
      try {
        if (channel === stdoutChannel && chunk.length > 0) onOutput(chunk, "stdout");
        if (channel === stderrChannel && chunk.length > 0) onOutput(chunk, "stderr");
        if (channel === statusChannel) resolve(exitCodeOf(chunk, asked));
      } catch (error) {
        reject(error);
        socket.terminate();
      }
    });
    socket.on("error", (error) => {
      failure = error;
    });
    socket.on("close", () => reject(unreachable(asked, failure ?? new Error("The connection ended."))));
  });
}

function toBuffer(data: Buffer | ArrayBuffer): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

function exitCodeOf(chunk: Buffer, asked: AskedFor): number {
  const parsed = parseJson(chunk.toString());
  const status: Json | undefined = parsed.ok ? parsed.value : undefined;
  if (fieldOf(status, "status") === "Success") return 0;
  const causes = objectsOf(status, "details", "causes");
  const code = Number(
    textOf(
      causes.find((cause) => cause["reason"] === "ExitCode"),
      "message",
    ),
  );
  if (Number.isInteger(code) && code !== 0) return code;
  throw new TauError("kubernetes.failed", `The container could not run the command of ${asked.resource}.`, {
    cause: chunk.toString(),
  });
}

function channelOf(socket: WebSocket, done: Promise<number>, asked: AskedFor): ExecChannel {
  // Load balancers close connections on which nothing moves, and a command may be silent for long.
  const ping = setInterval(() => socket.ping(), pingMs);
  ping.unref();
  const send = async (channel: number, data: Uint8Array): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      socket.send(Buffer.concat([Buffer.of(channel), data]), (error) => {
        if (error) reject(unreachable(asked, error));
        else resolve();
      });
    });
  };
  const sendQuietly = (channel: number, data: Uint8Array): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(Buffer.concat([Buffer.of(channel), data]));
  };
  const close = (): void => {
    clearInterval(ping);
    socket.close();
  };
  done.then(close, close);
  return {
    done,
    async write(data) {
      for (let from = 0; from < data.length; from += chunkBytes) {
        await send(stdinChannel, data.subarray(from, from + chunkBytes));
      }
    },
    closeInput: () => sendQuietly(closeChannel, Buffer.of(stdinChannel)),
    resize: ({ columns, rows }) =>
      sendQuietly(resizeChannel, Buffer.from(JSON.stringify({ Width: columns, Height: rows }))),
    close() {
      close();
      socket.terminate();
    },
  };
}
