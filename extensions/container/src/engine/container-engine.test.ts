import { once } from "node:events";
import type { IncomingMessage, RequestListener, Server } from "node:http";
import { createServer } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";

import { isTauError } from "@tau/core";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";

import { freshFolder } from "../fresh-folder.test.support.ts";
import { pullImage } from "../environment/pinned-image.ts";
import { removeContainer } from "../leftovers/remove-leftovers.ts";
import { createContainerEngine, statusOf } from "./container-engine.ts";
import { demultiplex } from "./demultiplex.ts";
import type { EngineAddress } from "./engine-address.ts";
import { findEngineAddress, parseEngineAddress } from "./engine-address.ts";

const never = new AbortController().signal;

interface Stage {
  readonly address: EngineAddress;
  readonly requests: readonly string[];
}

/** An engine on a socket that answers as the test says; `/_ping` is answered for it. */
async function stage(
  answer: RequestListener,
  { version = "1.44", tcp = false } = {},
): Promise<Stage & { server: Server }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.url !== "/_ping") return answer(request, response);
    response.setHeader("Api-Version", version);
    response.end("OK");
  });
  const socketPath = join(freshFolder("engine"), "engine.sock");
  if (tcp) server.listen(0, "127.0.0.1");
  else server.listen(socketPath);
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  return { server, requests, address: tcp ? parseEngineAddress(`tcp://127.0.0.1:${port}`) : { socketPath } };
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error("nothing was thrown"),
    (reason: unknown) => reason,
  );
  return isTauError(error) ? `${error.code} ${statusOf(error) ?? ""}`.trim() : String(error);
}

describe("createContainerEngine()", () => {
  it.each([
    ["1.41", "/v1.41/info"],
    ["1.44", "/v1.44/info"],
    ["1.51", "/v1.44/info"],
    ["nonsense", "/v1.44/info"],
  ])("speaks to an engine of version %s in the newest revision that both know", async (version, path) => {
    const { address, requests } = await stage((_, response) => response.end("{}"), { version });
    const engine = createContainerEngine(address);
    await engine.ask({ method: "GET", path: "/info" }, never);
    await engine.ask({ method: "GET", path: "/info" }, never);
    expect(requests).toEqual(["GET /_ping", `GET ${path}`, `GET ${path}`]);
  });

  it("speaks over loopback as over a socket, with queries and bodies", async () => {
    const { address, requests } = await stage(
      (request: IncomingMessage, response) => request.pipe(response),
      { tcp: true },
    );
    const query = { name: "a b", all: true };
    const request = { method: "POST", path: "/containers/create", query, body: { Image: "ü" } } as const;
    expect(await createContainerEngine(address).ask(request, never)).toEqual({ Image: "ü" });
    expect(requests.at(-1)).toBe("POST /v1.44/containers/create?name=a+b&all=true");
  });

  it("names the status of a refusal, and keeps the engine's words out of the message", async () => {
    const { address } = await stage((_, response) => {
      response.statusCode = 409;
      response.end('{"message":"the name /secret is in use"}');
    });
    const error: unknown = await createContainerEngine(address)
      .ask({ method: "POST", path: "/containers/create" }, never)
      .catch((reason: unknown) => reason);
    expect(isTauError(error) && error.message).toBe(
      "The container engine answered 409 to POST /containers/create.",
    );
    expect(isTauError(error) && String(error.cause)).toContain("/secret");
    expect(statusOf(error)).toBe(409);
  });

  it("says so when nobody answers, when the answer breaks off, and when it is no JSON", async () => {
    const nobody = createContainerEngine({ socketPath: "/no/such.sock" });
    expect(await refusalOf(nobody.ask({ method: "GET", path: "/info" }, never))).toBe(
      "container.unreachable",
    );
    const broken = await stage((_, response) => {
      response.write("{");
      response.destroy();
    });
    expect(
      await refusalOf(createContainerEngine(broken.address).ask({ method: "GET", path: "/info" }, never)),
    ).toBe("container.unreachable");
    const odd = await stage((_, response) => response.end("<html>"));
    expect(
      await refusalOf(createContainerEngine(odd.address).ask({ method: "GET", path: "/info" }, never)),
    ).toBe("container.engine_failed");
  });

  it("waits no longer than it is told to, and gives up with its signal's reason", async () => {
    const { address } = await stage(() => undefined);
    const engine = createContainerEngine(address);
    const slow = engine.ask({ method: "GET", path: "/info", timeoutMs: 50 }, never);
    expect(await refusalOf(slow)).toBe("container.unreachable");
    const controller = new AbortController();
    const asked = engine.ask({ method: "GET", path: "/info" }, controller.signal);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(asked).rejects.toBe(reason);
    const attached = engine.hijack({ method: "POST", path: "/exec/1/start" }, controller.signal);
    await expect(attached).rejects.toBe(reason);
  });

  it("turns the connection into a stream, whose first bytes may come with the answer", async () => {
    const { address, server } = await stage((_, response) => response.end());
    server.on("upgrade", (_request: IncomingMessage, socket: Duplex) => {
      socket.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst ");
      socket.pipe(socket);
    });
    const stream = await createContainerEngine(address).hijack(
      { method: "POST", path: "/exec/1/start", body: {} },
      never,
    );
    stream.end("second");
    let heard = "";
    for await (const chunk of stream) heard += String(chunk);
    expect(heard).toBe("first second");
  });

  it("names the refusal of a stream", async () => {
    const { address } = await stage((_, response) => {
      response.statusCode = 404;
      response.end('{"message":"no such exec"}');
    });
    const stream = createContainerEngine(address).hijack({ method: "POST", path: "/exec/1/start" }, never);
    expect(await refusalOf(stream)).toBe("container.engine_failed 404");
  });
});

describe("pullImage()", () => {
  it("believes the end of the answer, not its status", async () => {
    const lines = ['{"status":"Pulling"}', '{"errorDetail":{"message":"denied"},"error":"denied"}'];
    const failing = await stage((_, response) => response.end(lines.join("\n")));
    expect(await refusalOf(pullImage(createContainerEngine(failing.address), "a@sha256:1", never))).toBe(
      "container.engine_failed",
    );
    const fine = await stage((_, response) => response.end('{"status":"Downloaded"}\n'));
    await pullImage(createContainerEngine(fine.address), "a@sha256:1", never);
    expect(fine.requests.at(-1)).toBe("POST /v1.44/images/create?fromImage=a%40sha256%3A1");
  });
});

describe("demultiplex()", () => {
  it("puts the streams together again, however the bytes are cut", () => {
    const frame = fc.record({ stream: fc.constantFrom(1, 2), text: fc.string({ maxLength: 30 }) });
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.integer({ min: 1, max: 9 })), (frames, sizes) => {
        const bytes = Buffer.concat(
          frames.map(({ stream, text }) => {
            const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
            header.writeUInt32BE(Buffer.byteLength(text), 4);
            return Buffer.concat([header, Buffer.from(text)]);
          }),
        );
        const heard = { stdout: "", stderr: "" };
        const take = demultiplex((chunk, stream) => (heard[stream] += Buffer.from(chunk).toString("latin1")));
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % Math.max(1, sizes.length)] ?? 7;
          take(bytes.subarray(at, at + size));
          at += size;
        }
        const said = (wanted: number): string =>
          frames
            .flatMap(({ stream, text }) => (stream === wanted ? [Buffer.from(text).toString("latin1")] : []))
            .join("");
        expect(heard).toEqual({ stdout: said(1), stderr: said(2) });
      }),
    );
  });

  it("takes nothing else for a stream", () => {
    for (const bytes of [[3, 0, 0, 0, 0, 0, 0, 1], [1, 0, 7, 0, 0, 0, 0, 1], [...Buffer.from("HTTP/1.1")]]) {
      expect(() => demultiplex(() => undefined)(Uint8Array.from(bytes))).toThrow("is none");
    }
  });
});

describe("removeContainer()", () => {
  /** Answers attempts to remove one after the other with these; the last one for all that follow. */
  async function removing(...statuses: readonly number[]): Promise<Stage> {
    let at = 0;
    return await stage((_, response) => {
      response.statusCode = statuses[Math.min(at++, statuses.length - 1)] ?? 500;
      response.end("{}");
    });
  }

  it.each([
    ["is gone already", [404], 1],
    ["is ending just now", [409, 500, 204], 3],
    ["is being removed by somebody else", [409, 404], 2],
  ])("settles when a container is gone that %s", async (_, statuses, attempts) => {
    const { address, requests } = await removing(...statuses);
    await removeContainer(createContainerEngine(address), "abc", never);
    expect(requests.filter((request) => request.startsWith("DELETE"))).toHaveLength(attempts);
  });

  it("says when a container cannot be removed", async () => {
    const { address } = await removing(400);
    expect(await refusalOf(removeContainer(createContainerEngine(address), "abc", never))).toBe(
      "container.engine_failed 400",
    );
  });
});

describe("parseEngineAddress()", () => {
  it("takes sockets and ports of the loopback", () => {
    expect(parseEngineAddress("unix:///run/docker.sock")).toEqual({ socketPath: "/run/docker.sock" });
    expect(parseEngineAddress("tcp://127.0.0.1:2375")).toEqual({ host: "127.0.0.1", port: 2375 });
    expect(parseEngineAddress("tcp://[::1]:2375")).toEqual({ host: "::1", port: 2375 });
  });

  it.each([
    "tcp://10.0.0.1:2375",
    "tcp://example.org:2375",
    "tcp://127.0.0.1.example.org:1",
    "tcp://127.0.0.1",
    "https://127.0.0.1:2376",
    "unix://relative",
    "",
  ])("refuses %j", async (text) => {
    const parse = async (): Promise<unknown> => parseEngineAddress(text);
    expect(await refusalOf(parse())).toBe("container.invalid_address");
  });

  it("looks where engines usually are", () => {
    const folder = freshFolder("engine");
    expect(findEngineAddress({ XDG_RUNTIME_DIR: folder })).toEqual(findEngineAddress({}));
  });
});
