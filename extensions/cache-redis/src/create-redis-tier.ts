import { createClient } from "@redis/client";
import { assertTenant, isJsonObject, parseJson, TauError } from "@tau/core";
import type { Observer } from "@tau/core";
import type { CacheEntry, CacheScope, CacheTier } from "@tau/pipeline";

import { fromStored, toStored } from "./stored-entry.ts";

/** Options of {@link createRedisTier}. */
export interface RedisTierOptions {
  /** `redis://[[NAME]:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss://` for TLS. Never appears in an error. */
  readonly url: string;
  /** The first part of every key, for servers that others use too. Default `tau`. */
  readonly prefix?: string;
  /** How long a call waits for the server, in milliseconds. Default 250: a slow cache is no cache. */
  readonly timeoutMs?: number;
  /** Answers whose text is longer are not kept. Default 4 Mi characters. */
  readonly maxCharacters?: number;
  /** Hears of lost connections. */
  readonly observer?: Observer;
}

/** A {@link CacheTier} in Redis. Disposing closes the connections. */
export interface RedisTier extends CacheTier, AsyncDisposable {
  onDrop(listener: (scope: CacheScope) => void): () => void;
}

/** Names that a call to UNLINK takes at once. */
const unlinkAtOnce = 500;

/**
 * Connects to a Redis server (6.2 or newer, or what speaks like it) that several processes and machines may share.
 * Every key begins with prefix and tenant. A lost connection is made again; meanwhile calls fail at once.
 *
 * @throws TauError `redis.invalid_url`, `redis.unavailable`
 */
export async function createRedisTier(options: RedisTierOptions): Promise<RedisTier> {
  const { prefix = "tau", timeoutMs = 250, maxCharacters = 4_194_304 } = options;
  const connections = await connect(options, timeoutMs);
  const { commands, subscriber } = connections;
  const channel = `${prefix}:cache:drop`;
  const listeners = new Set<(scope: CacheScope) => void>();
  try {
    await inTime(
      timeoutMs,
      subscriber.subscribe(channel, (text) => tell(listeners, text)),
    );
  } catch (error) {
    connections.close();
    throw error;
  }

  // The braces keep a tenant's keys on one node of a cluster.
  const space = (tenant: string): string => `${prefix}:cache:{${tenant}}:`;
  const nameOf = (tenant: string, key: string): string => `${space(tenant)}answer:${key}`;
  const sessionName = (tenant: string, session: string): string => `${space(tenant)}session:${session}`;

  async function put(entry: CacheEntry): Promise<void> {
    const { tenant, key, sessionId, expiresAt } = entry;
    assertTenant(tenant);
    const text = toStored(entry);
    if (text.length > maxCharacters) return;
    const name = nameOf(tenant, key);
    const write = commands.multi().set(name, text, { expiration: { type: "PXAT", value: expiresAt } });
    if (sessionId !== undefined) {
      // The list of a session's answers lives as long as the last of them.
      const list = sessionName(tenant, sessionId);
      write.sAdd(list, name).pExpireAt(list, expiresAt, "NX").pExpireAt(list, expiresAt, "GT");
    }
    await inTime(timeoutMs, write.exec());
  }

  async function namesIn({ tenant, sessionId, key }: CacheScope): Promise<readonly string[]> {
    if (key !== undefined) return [nameOf(tenant, key)];
    if (sessionId !== undefined) {
      const list = sessionName(tenant, sessionId);
      const members = await inTime(timeoutMs, commands.sMembers(list));
      // Whoever may write only one tenant's keys must not be able to drop another's.
      return [...members.filter((name) => name.startsWith(space(tenant))), list];
    }
    const names: string[] = [];
    const pages = commands.scanIterator({ MATCH: `${escapeGlob(space(tenant))}*`, COUNT: unlinkAtOnce });
    for (;;) {
      const page = await inTime(timeoutMs, pages.next());
      if (page.done === true) return names;
      names.push(...page.value);
    }
  }

  return {
    async get(tenant, key, now) {
      assertTenant(tenant);
      const text = await inTime(timeoutMs, commands.get(nameOf(tenant, key)));
      const entry = text === null ? undefined : fromStored(text, tenant, key);
      return entry !== undefined && entry.expiresAt > now ? entry : undefined;
    },
    put,

    async drop(scope) {
      assertTenant(scope.tenant);
      const names = await namesIn(scope);
      for (let from = 0; from < names.length; from += unlinkAtOnce) {
        await inTime(timeoutMs, commands.unlink(names.slice(from, from + unlinkAtOnce)));
      }
      await inTime(timeoutMs, commands.publish(channel, JSON.stringify(scope)));
    },

    onDrop(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async [Symbol.asyncDispose]() {
      listeners.clear();
      connections.close();
    },
  };
}

type Client = ReturnType<typeof clientOf>;

interface Connections {
  readonly commands: Client;
  /** A connection that listens can do nothing else. */
  readonly subscriber: Client;
  readonly close: () => void;
}

async function connect({ url, observer }: RedisTierOptions, timeoutMs: number): Promise<Connections> {
  const address = URL.parse(url);
  if (address === null || (address.protocol !== "redis:" && address.protocol !== "rediss:")) {
    throw invalidUrl();
  }
  const [commands, subscriber] = clientsOf(url, timeoutMs);
  for (const client of [commands, subscriber]) {
    client.on("error", (error: unknown) => {
      try {
        observer?.({ name: "redis.connection_lost", level: 13, attributes: { host: address.host }, error });
      } catch {
        // Thrown into an event of the connection, it would end the process.
      }
    });
  }
  const close = (): void => {
    commands.destroy();
    subscriber.destroy();
  };
  try {
    await inTime(Math.max(timeoutMs, 1_000), Promise.all([commands.connect(), subscriber.connect()]));
  } catch (error) {
    close();
    throw error;
  }
  return { commands, subscriber, close };
}

/** @throws TauError `redis.invalid_url`; whatever the client says of an address may hold its password */
function clientsOf(url: string, timeoutMs: number): readonly [commands: Client, subscriber: Client] {
  try {
    return [clientOf(url, timeoutMs, true), clientOf(url, timeoutMs, false)];
  } catch {
    throw invalidUrl();
  }
}

function invalidUrl(): TauError {
  return new TauError(
    "redis.invalid_url",
    "url is not an address of a Redis server, such as redis://localhost:6379.",
  );
}

/** With `failsFast` a call while the connection is lost fails at once instead of waiting for the next one. */
function clientOf(url: string, timeoutMs: number, failsFast: boolean) {
  return createClient({
    url,
    disableOfflineQueue: failsFast,
    socket: {
      connectTimeout: Math.max(timeoutMs, 1_000),
      reconnectStrategy: (tries) => Math.min(tries * 50, 2_000),
    },
  });
}

/** @throws TauError `redis.unavailable` */
async function inTime<Value>(timeoutMs: number, answer: Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`No answer in ${timeoutMs} ms.`)), timeoutMs);
  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    throw new TauError("redis.unavailable", "The Redis server did not answer in time, or refused.", {
      class: "retryable",
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

function tell(listeners: ReadonlySet<(scope: CacheScope) => void>, text: string): void {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) return;
  const { tenant, sessionId, key } = parsed.value;
  if (typeof tenant !== "string") return;
  const scope: CacheScope = {
    tenant,
    ...(typeof sessionId === "string" ? { sessionId } : {}),
    ...(typeof key === "string" ? { key } : {}),
  };
  for (const listener of listeners) listener(scope);
}

/** A prefix may hold what SCAN takes for a pattern. */
function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\]/gu, String.raw`\$&`);
}
