import { once } from "node:events";
import { connect, createServer } from "node:net";
import { connect as connectTls } from "node:tls";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { readFirstBytes } from "./client-hello.ts";

/** The greeting that Node sends. */
async function greeting(servername: string): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const accepted = once(server, "connection");
  const client = connectTls({ socket: connect(port, "127.0.0.1"), servername });
  client.on("error", () => undefined);
  const [socket] = await accepted;
  const [chunk] = await once(socket, "data");
  socket.destroy();
  client.destroy();
  server.close();
  return chunk;
}

/** The same message in records of at most `size` bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 0xff]), part);
  }
  return Buffer.concat(records);
}

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from([type >> 8, type & 0xff, content.length >> 8, content.length & 0xff]),
    content,
  ]);
}

function nameList(...names: readonly string[]): Buffer {
  const entries = Buffer.concat(
    names.map((name) => Buffer.concat([Buffer.from([0, 0, name.length]), Buffer.from(name)])),
  );
  return Buffer.concat([Buffer.from([entries.length >> 8, entries.length & 0xff]), entries]);
}

/** A greeting of our own with these extensions. */
function helloWith(...extensions: readonly Buffer[]): Buffer {
  const all = Buffer.concat(extensions);
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32),
    Buffer.from([0, 0, 2, 0x13, 1, 1, 0, all.length >> 8, all.length & 0xff]),
    all,
  ]);
  const message = Buffer.concat([Buffer.from([1, 0, body.length >> 8, body.length & 0xff]), body]);
  return Buffer.concat([Buffer.from([22, 3, 1, message.length >> 8, message.length & 0xff]), message]);
}

describe("readFirstBytes()", () => {
  it("reads the name out of a real greeting, however it is cut", async () => {
    const hello = await greeting("api.example");
    const expected = { kind: "hello", serverName: "api.example" };
    expect(readFirstBytes(hello)).toEqual(expected);
    for (const size of [1, 3, 7, 100]) expect(readFirstBytes(inRecords(hello, size))).toEqual(expected);
    for (let length = 0; length < hello.length; length++)
      expect(readFirstBytes(hello.subarray(0, length))).toEqual({ kind: "incomplete" });
  });

  it("knows a greeting without a name, and what is none", async () => {
    expect(readFirstBytes(await greeting(""))).toEqual({ kind: "hello", serverName: undefined });
    expect(readFirstBytes(helloWith(extension(0, nameList("API.example"))))).toEqual({
      kind: "hello",
      serverName: "api.example",
    });
    expect(readFirstBytes(Buffer.from("SSH-2.0-x\r\n"))).toEqual({ kind: "other" });
  });

  it.each([
    ["two names", helloWith(extension(0, nameList("a.example", "b.example")))],
    ["two lists", helloWith(extension(0, nameList("a.example")), extension(0, nameList("b.example")))],
    ["another kind of name", helloWith(extension(0, Buffer.from([0, 4, 1, 0, 1, 97])))],
    [
      "something behind the list",
      helloWith(extension(0, Buffer.concat([nameList("a.example"), Buffer.from([0])]))),
    ],
    ["a list that is too long", helloWith(extension(0, Buffer.from([0, 9, 0, 0, 1, 97])))],
    ["an alert first", Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])],
    ["an empty record", Buffer.from([22, 3, 1, 0, 0])],
    ["an old version", Buffer.from([22, 2, 0, 0, 4, 1, 0, 0, 0])],
    ["a message of a gigabyte", Buffer.from([22, 3, 1, 0, 4, 1, 255, 255, 255])],
  ])("takes a greeting with %s for malformed", (_, bytes) => {
    expect(readFirstBytes(bytes)).toEqual({ kind: "malformed" });
  });

  it("survives whatever is sent", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(["incomplete", "other", "malformed", "hello"]).toContain(readFirstBytes(bytes).kind);
        expect(["incomplete", "malformed", "hello"]).toContain(
          readFirstBytes(Uint8Array.from([22, 3, 1, 0, bytes.length, ...bytes])).kind,
        );
      }),
    );
  });
});
