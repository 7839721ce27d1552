import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";

import { createBrowser, findChromium } from "@tau/browser";
import type { EgressRow } from "@tau/egress";
import { createHostEnvironment, createToolRegistry } from "@tau/tools";
import type { OwnedEnvironment } from "@tau/tools";
import { createToolContext } from "@tau/tools/testing";

import { browserFolder, openBrowserJail } from "./browser-jail.ts";

// Prints as JSON what a browser in its jail reaches, as the user who runs this file. The site is listed, the canary is not.
async function serve(answer: RequestListener): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return { server, port: typeof address === "object" ? (address?.port ?? 0) : 0 };
}

const reached: string[] = [];
const canary = await serve(({ url = "" }, response) => {
  reached.push(url);
  response.end("<h1>canary</h1>");
});
const datagrams: number[] = [];
const udp = createSocket("udp4").bind(0, "127.0.0.1");
await once(udp, "listening");
udp.on("message", (message) => datagrams.push(message.length));

const private_ = `127.0.0.1:${canary.port}`;
const page = `<!doctype html><h1>Site</h1><p id="said"></p><script>
  const said = {};
  const attempt = (name, act) => act().then((value) => { said[name] = value; }, () => { said[name] = "refused"; });
  const fetched = (url) => () => fetch(url, { mode: "no-cors" }).then(() => "reached");
  const loaded = (tag, url) => () => new Promise((done, fail) => {
    const element = document.createElement(tag);
    element.onload = () => done("reached");
    element.onerror = () => fail(new Error("no"));
    element.src = url;
    document.body.append(element);
  });
  Promise.all([
    attempt("own site", fetched("/hello")),
    attempt("loopback", fetched("http://${private_}/fetch")),
    attempt("loopback by name", fetched("http://localhost:${canary.port}/name")),
    attempt("loopback, IPv6", fetched("http://[::1]:${canary.port}/six")),
    attempt("loopback in disguise", fetched("http://2130706433:${canary.port}/decimal")),
    // What is dialled with a usual port gets the refusal of the gate as its answer, which a page cannot read.
    attempt("asked: metadata", fetched("http://169.254.169.254/latest/meta-data/")),
    attempt("asked: private network", fetched("http://10.0.0.1/")),
    attempt("asked: private address behind a listed name", fetched("http://inside.example/")),
    attempt("unlisted name", fetched("http://stolen-data.evil.example/")),
    attempt("picture", loaded("img", "http://${private_}/img")),
    attempt("script", loaded("script", "http://${private_}/script")),
    attempt("redirect", fetched("/to-canary")),
    attempt("socket", () => new Promise((done, fail) => {
      const socket = new WebSocket("ws://${private_}/socket");
      socket.onopen = () => done("reached");
      socket.onerror = () => fail(new Error("no"));
    })),
    attempt("addresses told by WebRTC", async () => {
      const peer = new RTCPeerConnection({ iceServers: [{ urls: "stun:127.0.0.1:${udp.address().port}" }] });
      const found = [];
      peer.onicecandidate = ({ candidate }) => candidate && found.push(candidate.address);
      peer.createDataChannel("x");
      await peer.setLocalDescription(await peer.createOffer());
      await new Promise((done) => setTimeout(done, 1500));
      return found.filter((address) => address && !address.endsWith(".local")).join() || "none";
    }),
  ]).then(() => { document.getElementById("said").textContent = JSON.stringify(said) + " end"; });
</script>`;
const site = await serve((request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://site.example");
  const lead: Record<string, string> = {
    "/to-canary": `http://${private_}/redirect`,
    "/to-metadata": "http://169.254.169.254/latest/meta-data/",
  };
  const location = lead[pathname];
  response.setHeader("content-type", "text/html");
  if (location !== undefined) response.writeHead(302, { location }).end();
  else response.end(pathname === "/" ? page : "<h1>hello</h1>");
});

const base = await mkdtemp("/var/tmp/tau-jailed-browser-");
await writeFile(`${base}/secret.txt`, "the project");
const rows: EgressRow[] = [];
const asked: string[] = [];
const siteHost = `site.example:${site.port}`;
const jails: OwnedEnvironment[] = [];
const folders: string[] = [];
const browser = createBrowser({
  folder: browserFolder(),
  async openEnvironment({ tenant, workspace }) {
    const jail = await openBrowserJail({
      workspace,
      program: findChromium(),
      hidden: [base],
      gate: {
        caller: { tenant },
        hosts: [siteHost, "inside.example"],
        addresses: ["127.0.0.1"],
        audit: { write: (row) => rows.push(row) },
        async lookup(name) {
          asked.push(name);
          return [name === "inside.example" ? "10.0.0.1" : "127.0.0.1"];
        },
      },
    });
    jails.push(jail);
    folders.push(workspace);
    return jail;
  },
});
const { signal } = new AbortController();
const environment = createHostEnvironment({
  profile: { access: "workspace-write", workspace: base, network: false },
});
const closers: (() => Promise<void>)[] = [];
const context = createToolContext({
  environment,
  atRunEnd: (close) => void closers.push(close),
});
const registry = createToolRegistry({ tools: browser.tools });
async function use(name: string, input: object): Promise<string> {
  const call = { type: "tool_call", id: "1", name, arguments: JSON.stringify(input) } as const;
  const { result } = await registry.execute(call, context);
  return result.content.map((part) => (part.type === "text" ? part.text : "")).join("");
}
async function inJail(command: string): Promise<string> {
  let output = "";
  const onOutput = (chunk: Uint8Array, stream: "stdout" | "stderr"): void => {
    // On standard error, commands are told what the gate refused meanwhile, to the browser too.
    if (stream === "stdout") output += Buffer.from(chunk).toString();
  };
  await jails[0]?.exec({ argv: ["sh", "-c", command], timeoutMs: 30_000, onOutput }, signal);
  return output.trim();
}

await use("browser_navigate", { url: `http://${siteHost}/` });
const shown = await use("browser_wait_for", { text: " end", seconds: 60 });
const pageSaid: unknown = JSON.parse((/\{.*\}/u.exec(shown)?.[0] ?? "{}").replaceAll('\\"', '"'));
const metadata = await use("browser_navigate", { url: `http://${siteHost}/to-metadata` });
const loopback = await use("browser_navigate", { url: `http://${private_}/` });
const project = await inJail(`cat ${base}/secret.txt 2>/dev/null || echo hidden`);
for (const close of closers) await close();
const processes = readdirSync("/proc").filter((id) => {
  try {
    return /^\d+$/u.test(id) && readFileSync(`/proc/${id}/cmdline`, "utf8").includes(folders[0] ?? "?");
  } catch {
    return false;
  }
});
console.log(
  JSON.stringify({
    page: pageSaid,
    metadata,
    loopback,
    project,
    reached,
    datagrams,
    askedNames: [...new Set(asked)].toSorted(),
    allowed: [...new Set(rows.filter(({ decision }) => decision === "allowed").map(({ host }) => host))],
    refused: [
      ...new Set(rows.filter(({ decision }) => decision === "denied").map(({ host }) => host)),
    ].toSorted(),
    left: { processes: processes.length, folder: existsSync(folders[0] ?? "/") },
  }),
);
await browser[Symbol.asyncDispose]();
await environment[Symbol.asyncDispose]();
for (const { server } of [site, canary]) {
  server.closeAllConnections();
  server.close();
}
udp.close();
await rm(base, { recursive: true });
