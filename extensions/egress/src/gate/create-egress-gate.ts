import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { GatePass, GateRequest, NetworkGate } from "@tau/tools";

import { createAddressPolicy } from "../address-policy.ts";
import type { EgressCaller } from "../audit.ts";
import { noAudit } from "../audit.ts";
import { egressError } from "../egress-error.ts";
import { createHostList, unlisted } from "../host-list.ts";
import type { HostList } from "../host-list.ts";
import { createCredentials } from "../proxy/credentials.ts";
import { denied } from "../proxy/refusal.ts";
import { openEgressProxy } from "../proxy/open-egress-proxy.ts";
import type { EgressProxy, EgressProxyOptions } from "../proxy/open-egress-proxy.ts";
import { printable } from "../target.ts";
import type { HolderPlace } from "./holder-messages.ts";
import { writeJailFiles } from "./jail-files.ts";
import type { JailFiles } from "./jail-files.ts";
import { createPasses } from "./passes.ts";
import type { Holder } from "./start-holder.ts";
import { startHolder } from "./start-holder.ts";

/** Options of {@link createEgressGate}. */
export interface EgressGateOptions extends Omit<EgressProxyOptions, "socketPath" | "caller" | "onRefusal"> {
  /** Whose commands go through, for the audit. */
  readonly caller: Omit<EgressCaller, "commands">;
  /** Absolute path of bubblewrap. Default: the system's. */
  readonly bwrapPath?: string;
}

/**
 * Makes the {@link NetworkGate} of one session: commands that are started in its network reach the listed hosts, whether or
 * not they know of proxies, and nothing else; the audit gets a row for each request, tunnel and refusal.
 *
 * Nothing is started before the first command enters. The gate ends with its disposal, or with this process.
 *
 * `enter` throws `egress.unavailable`.
 *
 * @throws TauError `egress.invalid_rule`
 */
export function createEgressGate(options: EgressGateOptions): NetworkGate {
  const list = createHostList(options.hosts);
  createAddressPolicy(options.addresses);
  createCredentials(options.credentials ?? []);
  let opened: Promise<OpenGate> | undefined;
  const closing = new AbortController();
  const passes = createPasses(options.caller);

  const current = async (): Promise<OpenGate> => {
    closing.signal.throwIfAborted();
    const before = opened;
    const found = await before?.catch(() => undefined);
    if (found?.holder.alive() === true) return found;
    if (opened !== before && opened !== undefined) return await opened; // another command was first
    opened = openGate(options, list, passes, closing.signal);
    await found?.close();
    return await opened;
  };
  return {
    hosts: options.hosts,
    rulesHash: hashOf(options),
    async enter(request: GateRequest, signal: AbortSignal): Promise<GatePass> {
      signal.throwIfAborted();
      const gate = await current();
      const { holder, proxy, jail, folder } = gate;
      const pass = passes.open(request.callId);
      gate.users.add(pass);
      return {
        prefix: holder.prefix,
        variables: { ...jail.variables, ...proxy.variables },
        files: jail.files,
        hidden: [folder],
        leave() {
          gate.users.delete(pass);
          if (!holder.alive() && gate.users.size === 0) holder.release();
          return pass.close();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      closing.abort(egressError("egress.unavailable", "The gate to the network is closed."));
      const last = await opened?.catch(() => undefined);
      await last?.close();
    },
  };
}

interface OpenGate {
  /** Passes that name its namespaces. */
  readonly users: Set<object>;
  /** Ends it. Its namespaces are let go of once no pass names them. */
  close(): Promise<void>;
  readonly holder: Holder;
  readonly proxy: EgressProxy;
  readonly jail: JailFiles;
  readonly folder: string;
}

async function openGate(
  options: EgressGateOptions,
  list: HostList,
  passes: ReturnType<typeof createPasses>,
  signal: AbortSignal,
): Promise<OpenGate> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "tau-egress-")); // mode 0700
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  const { audit = noAudit } = options;
  const proxy = stack.use(
    await openEgressProxy({
      ...options,
      socketPath: join(folder, "proxy.sock"),
      caller: passes.caller,
      onRefusal: passes.refused,
    }),
  );
  const knows = (name: string): boolean => {
    if (list.knows(name)) return true;
    const host = printable(name); // of any bytes that a program made up
    const reason = denied(unlisted({ host, port: 443 }, list)).reason;
    if (passes.refused(reason)) {
      const nothing = { bytesSent: 0, bytesReceived: 0, durationMs: 0 };
      const row = {
        at: Date.now(),
        via: "proxy",
        host,
        port: 53,
        method: "DNS",
        decision: "denied",
      } as const;
      audit.write({ ...passes.caller(), ...row, ...nothing, reason });
    }
    return false;
  };
  const { bwrapPath } = options;
  const places = placesOf(list);
  const holder = await startHolder(
    {
      proxy: proxy.socketPath,
      ports: list.ports,
      places,
      knows,
      ...(bwrapPath === undefined ? {} : { bwrapPath }),
    },
    signal,
  );
  const users = new Set<object>();
  // A few descriptors of a closed gate stay open rather than let a late command into another gate.
  stack.defer(() => (users.size === 0 ? holder.release() : undefined));
  stack.defer(async () => await holder.stop());
  if (
    !holder.everything &&
    places.some(({ address }) => isIP(address) === 4 && !address.startsWith("127."))
  ) {
    throw egressError(
      "egress.unavailable",
      "Hosts that are listed by their address need the program ip, which this machine has not. Install iproute2.",
    );
  }
  const jail = await writeJailFiles(folder, proxy.certificate);
  const kept = stack.move();
  return { users, holder, proxy, jail, folder, close: async () => await kept.disposeAsync() };
}

/** Entries that programs reach without asking for a name. */
function placesOf({ literals }: HostList): readonly HolderPlace[] {
  return literals.flatMap(({ host, port }) =>
    host === "localhost"
      ? ["127.0.0.1", "::1"].map((address) => ({ address, port, host }))
      : [{ address: host, port, host }],
  );
}

function hashOf({ hosts, addresses = [], credentials = [] }: EgressGateOptions): string {
  const rules = [
    hosts,
    addresses,
    credentials.map(({ name, host, variable, plainHttp }) => [name, host, variable, plainHttp]),
  ];
  return createHash("sha256").update(JSON.stringify(rules)).digest("hex").slice(0, 12);
}
