/**
 * What the gate and the holder of its network say to each other: a JSON object per line, on the holder's standard
 * streams. The holder imports nothing but this and what is beside it: it should start quickly.
 */

/** What the holder is told when it starts. */
export interface HolderStart {
  readonly type: "start";
  /** The proxy's unix socket. */
  readonly proxy: string;
  /** Ports that are captured at the addresses that names get. */
  readonly ports: readonly number[];
  /** Addresses that stand for a host by themselves. */
  readonly places: readonly HolderPlace[];
  /** The path of the `ip` program, with which every other address is captured too; null where there is none. */
  readonly ip: string | null;
}

/** An address that stands for a host. */
export interface HolderPlace {
  readonly address: string;
  readonly port: number;
  readonly host: string;
}

/** Says whether a name may be reached. */
export interface HolderAnswer {
  readonly type: "answer";
  readonly id: number;
  readonly known: boolean;
}

/** Names are served and connections captured; `everything` tells whether those to raw addresses are, too. */
export interface HolderReady {
  readonly type: "ready";
  readonly everything: boolean;
}

/** A name that was looked up for the first time. */
export interface HolderQuestion {
  readonly type: "ask";
  readonly id: number;
  readonly name: string;
}

/** What the holder says. */
export type HolderMessage = HolderReady | HolderQuestion;

/** Reads a line from the holder, which strangers' bytes pass through; undefined for what it should not have said. */
export function readHolderMessage(line: string): HolderMessage | undefined {
  const message = objectOf(line);
  if (message === undefined) return undefined;
  const { type, everything, id, name } = message;
  if (type === "ready" && typeof everything === "boolean") return { type, everything };
  if (type === "ask" && typeof id === "number" && typeof name === "string") return { type, id, name };
  return undefined;
}

/** Reads a line to the holder; undefined for what it cannot have been told. */
export function readHolderOrder(line: string): HolderStart | HolderAnswer | undefined {
  const message = objectOf(line);
  if (message === undefined) return undefined;
  const { type, id, known, proxy, ports, places, ip } = message;
  if (type === "answer" && typeof id === "number" && typeof known === "boolean") return { type, id, known };
  if (type !== "start" || typeof proxy !== "string" || !Array.isArray(ports) || !Array.isArray(places))
    return undefined;
  return {
    type,
    proxy,
    ports: ports.filter((port) => typeof port === "number"),
    places: places.filter((place) => isPlace(place)),
    ip: typeof ip === "string" ? ip : null,
  };
}

function isPlace(value: unknown): value is HolderPlace {
  if (typeof value !== "object" || value === null) return false;
  if (!("address" in value) || !("port" in value) || !("host" in value)) return false;
  return (
    typeof value.address === "string" && typeof value.port === "number" && typeof value.host === "string"
  );
}

function objectOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
