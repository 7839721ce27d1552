import { once } from "node:events";
import { createServer } from "node:net";
import { gzipSync } from "node:zlib";

import { describe, expect, it, onTestFinished } from "vitest";

import { startServer } from "../canary.test.support.ts";
import type { EgressCredential, SecretSource } from "./credentials.ts";
import type { EgressProxyOptions } from "./open-egress-proxy.ts";
import {
  ask,
  askProxy,
  encrypt,
  openTunnel,
  startProxy,
  startTlsServer,
  trusted,
  tunnel,
} from "./proxy.test.support.ts";

const secret = "real-secret-value-9000";
const secrets: SecretSource = {
  read: async (reference) => (reference === "env:TOKEN" ? secret : "other-secret"),
};

function withCredential(
  host: string,
  rest: Partial<EgressCredential> = {},
): Pick<EgressProxyOptions, "credentials" | "secrets"> {
  return { credentials: [{ name: "api", host, variable: "TOKEN", secret: "env:TOKEN", ...rest }], secrets };
}

describe("plain requests", () => {
  it("reach a listed host, with a row for each", async () => {
    const server = await startServer((_, response) => response.writeHead(201, { "x-a": "1" }).end("hello"));
    const proxy = await startProxy({ hosts: [`api.example:${server.port}`] });

    const answer = await askProxy(proxy, `http://api.example:${server.port}/v1?key=1`, {
      "proxy-authorization": "x",
    });

    expect(answer).toMatchObject({ status: 201, headers: { "x-a": "1" }, text: "hello" });
    expect(server.requests[0]?.headers).toMatchObject({ host: `api.example:${server.port}` });
    expect(server.requests[0]?.headers).not.toHaveProperty("proxy-authorization");
    expect(proxy.rows).toEqual([
      {
        tenant: "acme",
        session: "s1",
        commands: ["call-1"],
        at: expect.any(Number),
        via: "proxy",
        host: "api.example",
        port: server.port,
        address: "127.0.0.1",
        method: "GET",
        path: "/v1",
        status: 201,
        bytesSent: 0,
        bytesReceived: 5,
        durationMs: expect.any(Number),
        decision: "allowed",
      },
    ]);
  });

  it.each([
    ["http://evil.example/", "evil.example is not among the hosts that may be reached (api.example)"],
    ["http://127.0.0.1/", "127.0.0.1 is not among the hosts that may be reached (api.example)"],
    ["http://169.254.169.254/", "169.254.169.254 is not among"],
    ["http://api.example:8080/", "api.example:8080 is not among"],
    ["http://api.example/", "api.example leads to 10.0.0.1, which belongs to a private network"],
  ])("to %s are refused with a reason", async (url, reason) => {
    const proxy = await startProxy({
      hosts: ["api.example"],
      addresses: [],
      lookup: async () => ["10.0.0.1"],
    });

    const answer = await askProxy(proxy, url);

    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining(reason)]);
    expect(proxy.refusals).toEqual([expect.stringContaining(reason)]);
    expect(proxy.rows).toMatchObject([
      { decision: "denied", reason: expect.stringContaining(reason), bytesSent: 0 },
    ]);
  });

  it("cannot name another host in their header than in their URL", async () => {
    const server = await startServer();
    const hosts = [`a.example:${server.port}`, `b.example:${server.port}`];
    const proxy = await startProxy({ hosts });

    const answer = await askProxy(proxy, `http://a.example:${server.port}/`, {
      host: `b.example:${server.port}`,
    });

    expect([answer.status, server.visits()]).toEqual([403, 0]);
    expect(answer.text).toContain("the request is for another host than the connection to a.example");
  });
});

describe("tunnels", () => {
  it("to a listed host are untouched, with one row", async () => {
    const server = await startTlsServer("api.example", (_, response) => response.end("hello"));
    const proxy = await startProxy({ hosts: [`api.example:${server.port}`] });

    const secure = await encrypt(
      await openTunnel(proxy, `api.example:${server.port}`),
      "api.example",
      trusted("api.example"),
    );
    const answer = await ask(secure, { headers: { host: "api.example" } });
    secure.destroy();

    expect(answer.text).toBe("hello");
    expect(proxy.certificate).toBeUndefined(); // so the server's own was seen
    await expect
      .poll(() => proxy.rows, { timeout: 30_000 })
      .toMatchObject([
        { method: "CONNECT", host: "api.example", address: "127.0.0.1", decision: expect.any(String) },
      ]);
    expect(proxy.rows[0]?.bytesSent).toBeGreaterThan(100);
    expect(proxy.rows[0]?.bytesReceived).toBeGreaterThan(100);
    expect(proxy.rows[0]).not.toHaveProperty("path");
  });

  it.each([
    ["another name", "evil.example"],
    ["a name below", "x.api.example"],
    ["no name", ""],
  ])("whose greeting asks for %s are closed", async (_, servername) => {
    const server = await startTlsServer("api.example", (__, response) => response.end("hello"));
    const proxy = await startProxy({ hosts: [`api.example:${server.port}`] });

    const socket = await openTunnel(proxy, `api.example:${server.port}`);
    await expect(encrypt(socket, servername, trusted("api.example"))).rejects.toThrow("disconnected");

    const why = `a connection to api.example:${server.port} asks for ${servername === "" ? "no name" : servername} in its TLS greeting`;
    expect(proxy.rows).toMatchObject([{ decision: "denied", reason: `The network refuses this: ${why}.` }]);
    expect(server.requests).toEqual([]);
  });

  it("to port 443 and 80 carry nothing but TLS and HTTP", async () => {
    const proxy = await startProxy({ hosts: ["api.example"] });
    for (const target of ["api.example:443", "api.example:80"]) {
      const socket = await openTunnel(proxy, target);
      socket.write("\x00\x01\x02 raw bytes");
      await once(socket.resume(), "close");
    }
    expect(proxy.refusals).toEqual([
      expect.stringContaining("speaks neither HTTP nor TLS"),
      expect.stringContaining("speaks neither HTTP nor TLS"),
    ]);
  });

  it("let a server greet first at a port that was listed by number", async () => {
    const server = createServer((socket) => {
      socket.write("220 ready\n");
      socket.on("data", (chunk) => socket.end(`got ${chunk.toString()}`));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.close();
    });
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const proxy = await startProxy({ hosts: [`git.example:${port}`] });

    const socket = await openTunnel(proxy, `git.example:${port}`);
    const [greeting] = await once(socket, "data");
    socket.write("hi");
    const [answer] = await once(socket, "data");
    socket.end();
    await once(socket, "close");

    expect([String(greeting), String(answer)]).toEqual(["220 ready\n", "got hi"]);
    await expect
      .poll(() => proxy.rows, { timeout: 30_000 })
      .toMatchObject([{ method: "CONNECT", bytesSent: 2, bytesReceived: 16, decision: "allowed" }]);
  });

  it("with readable requests are served request by request, for their own host only", async () => {
    const server = await startServer((request, response) => response.end(`you asked ${request.url}`));
    const proxy = await startProxy({ hosts: [`api.example:${server.port}`, `b.example:${server.port}`] });
    const target = `api.example:${server.port}`;

    const good = await ask(await openTunnel(proxy, target), { path: "/one?q=1", headers: { host: target } });
    const bad = await ask(await openTunnel(proxy, target), { headers: { host: `b.example:${server.port}` } });

    expect([good.text, bad.status, server.requests.length]).toEqual(["you asked /one?q=1", 403, 1]);
    expect(proxy.rows).toMatchObject([
      { method: "GET", path: "/one", decision: "allowed" },
      { method: "GET", decision: "denied" },
    ]);
  });

  it.each([
    "evil.example:443",
    "127.0.0.1:443",
    "[::1]:443",
    "0x7f.1:443",
    "localhost:443",
    "api.example:22",
  ])("to %s are refused before anything is dialled", async (target) => {
    const proxy = await startProxy({ hosts: ["api.example"] });

    expect(await tunnel(proxy, target)).toMatchObject({
      status: 403,
      text: expect.stringContaining("is not among the hosts"),
    });
    expect(proxy.rows).toMatchObject([{ method: "CONNECT", decision: "denied" }]);
  });

  it("to something that is no target are refused", async () => {
    const proxy = await startProxy({ hosts: ["api.example"] });
    expect(await tunnel(proxy, "api.example:443/x")).toMatchObject({ status: 400 });
  });
});

describe("credentials", () => {
  it("are put in on the way to their host, and hidden in what it repeats", async () => {
    const server = await startTlsServer("api.example", (request, response) => {
      const said = JSON.stringify(request.headers);
      response.setHeader("x-echo", request.headers.authorization ?? "");
      // In two pieces, cut in the middle of what must be hidden.
      const cut = said.indexOf(secret) + 5;
      response.write(said.slice(0, cut));
      setImmediate(() => response.end(said.slice(cut)));
    });
    const target = `api.example:${server.port}`;
    const proxy = await startProxy({
      hosts: [target],
      ca: [trusted("api.example")],
      ...withCredential(target),
    });
    const placeholder = proxy.variables["TOKEN"] ?? "";

    const secure = await encrypt(await openTunnel(proxy, target), "api.example", proxy.certificate ?? "");
    const answer = await ask(secure, {
      path: "/me",
      headers: { host: target, authorization: `Bearer ${placeholder}` },
    });

    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${secret}`);
    expect(answer.text).toContain(`Bearer ${placeholder}`);
    expect(JSON.stringify(answer)).not.toContain(secret);
    expect(proxy.rows).toMatchObject([{ method: "GET", path: "/me", credentials: ["api"], status: 200 }]);
    expect(JSON.stringify(proxy.rows)).not.toContain(secret);
  });

  it("are put into basic authentication, and found in compressed answers", async () => {
    const server = await startTlsServer("api.example", (request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end(gzipSync(`${request.headers.authorization} ${secret}`));
    });
    const target = `api.example:${server.port}`;
    const proxy = await startProxy({
      hosts: [target],
      ca: [trusted("api.example")],
      ...withCredential(target),
    });
    const basic = Buffer.from(`user:${proxy.variables["TOKEN"]}`).toString("base64");

    const secure = await encrypt(await openTunnel(proxy, target), "api.example", proxy.certificate ?? "");
    const answer = await ask(secure, { headers: { host: target, authorization: `Basic ${basic}` } });

    expect(server.requests[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from(`user:${secret}`).toString("base64")}`,
    );
    expect(answer.text).toBe(`Basic ${basic} ${proxy.variables["TOKEN"]}`);
  });

  it("never go to another host, and a request that carries one there is refused", async () => {
    const other = await startServer();
    const hosts = ["api.example", `other.example:${other.port}`];
    const proxy = await startProxy({ hosts, ...withCredential("api.example") });
    const placeholder = proxy.variables["TOKEN"] ?? "";
    const url = `http://other.example:${other.port}/`;

    const attempts: readonly (readonly [string, Record<string, string>])[] = [
      [url, { authorization: `Bearer ${placeholder}` }],
      [url, { authorization: `Basic ${Buffer.from(`a:${placeholder}`).toString("base64")}` }],
      [url, { "x-any": placeholder }],
      [`${url}?q=${placeholder}`, {}],
    ];
    for (const [to, headers] of attempts) {
      const answer = await askProxy(proxy, to, headers);
      expect([answer.status, answer.text]).toEqual([
        403,
        expect.stringContaining("holds the placeholder of api"),
      ]);
    }
    expect(other.visits()).toBe(0);
  });

  it("do not go unencrypted unless that was said", async () => {
    const server = await startServer();
    const target = `api.example:${server.port}`;
    const careful = await startProxy({ hosts: [target], ...withCredential(target) });
    const careless = await startProxy({ hosts: [target], ...withCredential(target, { plainHttp: true }) });
    const headersOf = (proxy: typeof careful): Record<string, string> => ({
      authorization: proxy.variables["TOKEN"] ?? "",
    });

    expect(await askProxy(careful, `http://${target}/`, headersOf(careful))).toMatchObject({ status: 403 });
    expect(await askProxy(careless, `http://${target}/`, headersOf(careless))).toMatchObject({ status: 200 });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([secret]);
  });

  it("that cannot be read fail the request, without a word about them", async () => {
    const server = await startServer();
    const target = `api.example:${server.port}`;
    for (const read of [
      async () => await Promise.reject(new Error("vault/path/of/secret is sealed")),
      async () => "two\r\nlines",
      async () => "",
    ]) {
      const credentials = withCredential(target, { plainHttp: true });
      const proxy = await startProxy({ hosts: [target], ...credentials, secrets: { read } });
      const answer = await askProxy(proxy, `http://${target}/`, {
        authorization: proxy.variables["TOKEN"] ?? "",
      });
      expect([answer.status, server.visits()]).toEqual([502, 0]);
      expect(`${answer.text}${JSON.stringify(proxy.rows)}`).not.toMatch(/vault|two/u);
    }
  });

  it("need a server whose certificate is valid", async () => {
    const server = await startTlsServer("api.example", (_, response) => response.end());
    const target = `api.example:${server.port}`;
    const proxy = await startProxy({ hosts: [target], ...withCredential(target) });

    const secure = await encrypt(await openTunnel(proxy, target), "api.example", proxy.certificate ?? "");
    const answer = await ask(secure, {
      headers: { host: target, authorization: proxy.variables["TOKEN"] ?? "" },
    });

    expect([answer.status, answer.text, server.requests.length]).toEqual([
      502,
      expect.stringContaining("failed"),
      0,
    ]);
  });

  it.each([
    ["*.example.org", "TOKEN"],
    ["127.0.0.1", "TOKEN"],
    ["https://api.example", "TOKEN"],
    ["api.example", "NOT A VARIABLE"],
  ])("for %s in %s are refused", async (host, variable) => {
    await expect(
      startProxy({ hosts: ["api.example"], ...withCredential(host, { variable }) }),
    ).rejects.toMatchObject({
      code: "egress.invalid_rule",
    });
  });
});
