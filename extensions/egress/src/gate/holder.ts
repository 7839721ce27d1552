/**
 * The process that holds the network of a gate: alone in a network namespace that leads nowhere, it answers for names and
 * captures connections, and hands each of them to the proxy outside through a unix socket. It decides nothing.
 *
 * - H1. A name gets an address of 127.1.0.0/16 once the gate said that it may be reached; other names do not exist. No
 *   question leaves this process for a name server.
 * - H2. A connection to such an address goes to its name; one to any other address is the proxy's to refuse, address and all.
 * - H3. It ends with its standard input.
 */
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

import { bridge } from "./bridge.ts";
import { dnsTypes, readDnsQuestion, writeDnsAnswer } from "./dns-message.ts";
import { createFakeAddresses } from "./fake-addresses.ts";
import type { HolderMessage, HolderStart } from "./holder-messages.ts";
import { readHolderOrder } from "./holder-messages.ts";

const maxConnections = 1_024;
const maxQuestions = 1_024;
const webPorts: readonly number[] = [80, 443];

const names = createFakeAddresses();
const places = new Map<string, string>();
/** Names that were asked for, and the addresses that they have once somebody listens there. */
const admissions = new Map<string, Promise<string | undefined>>();
const questions = new Map<number, (known: boolean) => void>();
let nextId = 0;

const lines = createInterface({ input: process.stdin });
lines.on("close", () => process.exit(0));
lines.on("line", (line) => {
  const order = readHolderOrder(line);
  if (order?.type === "answer") {
    questions.get(order.id)?.(order.known);
    questions.delete(order.id);
  } else if (order?.type === "start") {
    start(order).catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    });
  }
});

async function start(order: HolderStart): Promise<void> {
  const everything = order.ip !== null && captureEverything(order.ip);
  for (const { address, port, host } of order.places) {
    places.set(`${address} ${port}`, host);
    if (!webPorts.includes(port)) await listen(address, port, order.proxy);
  }
  // Programs in the jail cannot listen on these ports, so that taking all of their addresses takes nothing from them.
  for (const port of webPorts) {
    await listen("0.0.0.0", port, order.proxy);
    await listen("::", port, order.proxy).catch(() => undefined); // a machine may have no IPv6
  }
  await serveNames(order);
  say({ type: "ready", everything });
}

/** Makes every address one of this namespace's own. */
function captureEverything(ip: string): boolean {
  try {
    execFileSync(ip, ["route", "add", "local", "default", "dev", "lo"], { stdio: "ignore" });
  } catch {
    return false;
  }
  try {
    execFileSync(ip, ["-6", "route", "add", "local", "default", "dev", "lo"], { stdio: "ignore" });
  } catch {
    // A machine may have no IPv6; then nothing leaves through it either.
  }
  return true;
}

async function listen(address: string, port: number, proxy: string): Promise<void> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    const local = (client.localAddress ?? "").replace(/^::ffff:/u, "");
    const host = names.nameOf(local) ?? places.get(`${local} ${port}`);
    // What is left of loopback belongs to the jail, where nothing listens.
    if (host === undefined && (local.startsWith("127.") || local === "::1")) client.resetAndDestroy();
    else bridge(client, { proxy, host: host ?? local, port });
  });
  server.maxConnections = maxConnections;
  server.listen({ host: address, port, ipv6Only: address === "::" });
  await once(server, "listening");
}

async function serveNames({ ports, proxy }: HolderStart): Promise<void> {
  const socket = createSocket("udp4");
  const others = ports.filter((port) => !webPorts.includes(port));
  socket.on("message", (message, from) => {
    const question = readDnsQuestion(message);
    if (question === undefined) return;
    const { name, type } = question;
    const reply = (address: string | undefined): void => {
      const found = address === undefined ? "no_name" : type === dnsTypes.a ? { address } : "nothing";
      socket.send(writeDnsAnswer(question, found), from.port, from.address);
    };
    const asksAddress = type === dnsTypes.a || type === dnsTypes.aaaa;
    const known = admissions.get(name);
    if (known === undefined && (!asksAddress || questions.size >= maxQuestions)) reply(undefined);
    else (known ?? admit(name, others, proxy)).then(reply, () => reply(undefined));
  });
  socket.bind(53, "127.0.0.1");
  await once(socket, "listening");
}

/** Gives a name that may be reached its address, and listens there on the ports that are not captured everywhere. */
async function admit(name: string, ports: readonly number[], proxy: string): Promise<string | undefined> {
  const admission = mayReach(name).then(async (known) => {
    const address = known ? names.give(name) : undefined;
    if (address === undefined) return undefined;
    for (const port of ports) await listen(address, port, proxy).catch(() => undefined); // a program of the jail was first
    return address;
  });
  admissions.set(name, admission);
  const address = await admission;
  if (address === undefined) admissions.delete(name); // names that are not known are any number
  return address;
}

async function mayReach(name: string): Promise<boolean> {
  const id = nextId++;
  return await new Promise((resolve) => {
    questions.set(id, resolve);
    say({ type: "ask", id, name });
  });
}

function say(message: HolderMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
