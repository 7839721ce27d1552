import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";

import { decode, encode } from "dns-packet";
import { onTestFinished } from "vitest";

import type { Lookup } from "./resolve-checked.ts";

/** A DNS server on loopback that answers as an attacker would, and the lookup that asks it. */
export interface DnsServer {
  readonly lookup: Lookup;
  /** Every name that was asked for, in order. */
  readonly asked: readonly string[];
}

/** Starts a server; `answer` gets the name and how often it was asked for, and says the addresses. */
export async function startDnsServer(
  answer: (name: string, times: number) => readonly string[],
): Promise<DnsServer> {
  const asked: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (message, from) => {
    const query = decode(message);
    const name = query.questions?.[0]?.name ?? "";
    asked.push(name);
    const addresses = answer(name, asked.filter((each) => each === name).length);
    const packet = encode({
      type: "response",
      ...(query.id === undefined ? {} : { id: query.id }),
      ...(query.questions === undefined ? {} : { questions: query.questions }),
      answers: addresses.map((data) => ({ type: "A", name, ttl: 0, data })),
    });
    socket.send(packet, from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => {
    socket.close();
  });
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return { asked, lookup: async (host) => await resolver.resolve4(host) };
}
