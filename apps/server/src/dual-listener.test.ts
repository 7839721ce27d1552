import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { setImmediate as nextTick } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { listenOnOnePort } from "./dual-listener.ts";
import type { DualListener } from "./dual-listener.ts";

interface Listening extends AsyncDisposable {
  readonly listener: DualListener;
  readonly url: string;
}

async function listen(headersTimeoutMs = 10_000, maxConnections = 100): Promise<Listening> {
  const listener = await listenOnOnePort({
    host: "127.0.0.1",
    port: 0,
    maxConnections,
    maxStreamsPerConnection: 3,
    headersTimeoutMs,
    idleTimeoutMs: headersTimeoutMs,
    handler: (request, response) => {
      const answer = (): void => void response.end(`${request.httpVersion} ${request.url}`);
      if (request.url === "/waits") request.resume().on("end", answer);
      else answer();
    },
  });
  return {
    listener,
    url: `http://127.0.0.1:${listener.port}`,
    async [Symbol.asyncDispose]() {
      listener.stop();
      await listener.closed(AbortSignal.abort());
    },
  };
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve) => {
    socket.once("connect", resolve);
  });
  return socket;
}

/** Sends bytes one by one, each in a packet of its own as far as that can be. */
async function drip(socket: Socket, text: string): Promise<void> {
  socket.setNoDelay(true);
  for (const byte of text) {
    socket.write(byte);
    await nextTick();
  }
}

async function whenClosed(socket: Socket): Promise<void> {
  socket.resume();
  socket.on("error", () => undefined);
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
}

async function http2Get(url: string, path: string): Promise<string> {
  const session = connectHttp2(url);
  try {
    return (await session.request({ ":path": path }).setEncoding("utf8").toArray()).join("");
  } finally {
    session.close();
  }
}

describe("one port", () => {
  it("speaks HTTP/1.1 and HTTP/2 at the same time", async () => {
    await using listening = await listen();
    const texts = await Promise.all([
      fetch(`${listening.url}/a`).then((response) => response.text()),
      http2Get(listening.url, "/b"),
      fetch(`${listening.url}/c`).then((response) => response.text()),
      http2Get(listening.url, "/d"),
    ]);
    expect(texts).toEqual(["1.1 /a", "2.0 /b", "1.1 /c", "2.0 /d"]);
  });

  it.each(["GET", "POST", "PUT", "PATCH", "PROPFIND"])(
    "is not misled by %s, however slowly it comes",
    async (method) => {
      await using listening = await listen();
      const socket = await open(listening.listener.port);
      await drip(socket, `${method} /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      expect((await socket.setEncoding("utf8").toArray()).join("")).toContain("1.1 /slow");
    },
  );

  it("recognises HTTP/2 in pieces", async () => {
    await using listening = await listen();
    const socket = await open(listening.listener.port);
    await drip(socket, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    // An empty SETTINGS frame; the server answers with its own, whose type is the fourth byte: 4.
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    const [frame] = await new Promise<[Buffer]>((resolve) => {
      socket.once("data", (data: Buffer) => resolve([data]));
    });
    expect(frame[3]).toBe(4);
    socket.destroy();
  });

  it("closes a connection that says nothing, one that stops in the middle, and noise", async () => {
    await using listening = await listen(50);
    const silent = await open(listening.listener.port);
    const half = await open(listening.listener.port);
    half.write("PR");
    const noise = await open(listening.listener.port);
    noise.write("\u0016\u0003\u0001 not http at all\r\n\r\n");
    await Promise.all([whenClosed(silent), whenClosed(half), whenClosed(noise)]);
    expect([silent, half, noise].map(({ closed }) => closed)).toEqual([true, true, true]);
  });

  it("closes an HTTP/2 connection on which nobody calls, from its beginning or after a call", async () => {
    await using listening = await listen(50);
    const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0", "latin1");
    const [begun, silent] = [await open(listening.listener.port), await open(listening.listener.port)];
    begun.write(preface.subarray(0, 3));
    silent.write(preface);
    const used = connectHttp2(listening.url);
    const [answer] = await used.request({ ":path": "/" }).setEncoding("utf8").toArray();

    await Promise.all([whenClosed(begun), whenClosed(silent), new Promise((end) => used.once("close", end))]);

    expect([begun.closed, silent.closed, used.closed, answer]).toEqual([true, true, true, "2.0 /"]);
  });

  it("lets a call go on for as long as it likes", async () => {
    await using listening = await listen(50);
    const session = connectHttp2(listening.url);
    const call = session.request({ ":method": "POST", ":path": "/waits" }, { endStream: false });
    // Others come and go on another connection meanwhile, for longer than any limit.
    const other = await open(listening.listener.port);
    await whenClosed(other);
    await whenClosed(await open(listening.listener.port));
    call.end();

    expect((await call.setEncoding("utf8").toArray()).join("")).toBe("2.0 /waits");
    session.destroy();
  });

  it("closes connections beyond its limit", async () => {
    await using listening = await listen(10_000, 1);
    const first = await open(listening.listener.port);
    const second = await open(listening.listener.port);
    await whenClosed(second);
    expect(first.closed).toBe(false);
    first.destroy();
  });

  it("tells an HTTP/2 client how many calls it may have open", async () => {
    await using listening = await listen();
    const session = connectHttp2(listening.url);
    const settings = await new Promise<{ maxConcurrentStreams?: number }>((resolve) => {
      session.once("remoteSettings", resolve);
    });
    expect(settings.maxConcurrentStreams).toBe(3);
    session.destroy();
  });
});
