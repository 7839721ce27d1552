import { hash } from "node:crypto";

import { canonicalJson } from "@tau/core";
import type { Price } from "@tau/core";

import { resolveKey } from "./api-key.ts";
import type { ApiKey } from "./api-key.ts";
import { windowOf } from "./capabilities.ts";
import type { ModelCapabilities } from "./capabilities.ts";
import { sharedHttpTransport } from "./http/http-transport.ts";
import type { HttpTransport } from "./http/http-transport.ts";
import type { Model, ModelRequest } from "./model.ts";
import type { ModelIdentity } from "./model-error.ts";
import { readRateLimits } from "./rate-limits.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { ResponseHeaders } from "./retry-after.ts";
import type { WireExchange } from "./wire-exchange.ts";
import type { ModelLimits, WireProtocol } from "./wire-protocol.ts";
import { WireStream } from "./wire-stream.ts";

/** Options that every adapter for a wire protocol has. */
export interface WireModelOptions {
  /** A function is asked at every call. Never appears in an error. */
  readonly apiKey?: ApiKey;
  readonly model: string;
  /** What is known of the model, for example by the catalog. */
  readonly capabilities?: ModelCapabilities;
  /** Wins over the price in the capabilities. */
  readonly price?: Price;
  /** Tokens the model can read. Wins over the capabilities. */
  readonly contextWindow?: number;
  /** Sent with every request; they win over the adapter's own. Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeouts?: ModelLimits;
  /** Default: one for the whole process, so that adapters share their connections. */
  readonly transport?: HttpTransport;
}

/** Who is asked, and where. */
export interface WireModelPlace extends ModelIdentity {
  readonly url: URL;
  /** What the adapter was told that can change its answers, headers aside. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What of them it does by itself, which tells nothing. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

/**
 * Makes a {@link Model} out of a protocol. The protocol and everything that sends and reads are loaded by
 * the first call: a program that only prints its help must not pay for them.
 */
export function createWireModel(
  { url: place, settings, defaults, ...identity }: WireModelPlace,
  options: WireModelOptions,
  load: () => Promise<WireProtocol>,
): Model {
  let loading: Promise<Loaded> | undefined;
  let loaded: Loaded | undefined;
  let heard: { readonly headers: ResponseHeaders; readonly at: number } | undefined;
  let limits: { readonly of: typeof heard; readonly read: RateLimits | undefined } | undefined;

  /** Read when somebody asks, once: most answers are never asked about, and some by every call. */
  function rateLimits(): RateLimits | undefined {
    if (limits?.of !== heard) limits = { of: heard, read: heard && readRateLimits(heard.headers, heard.at) };
    return limits?.read;
  }

  const remember = (headers: ResponseHeaders): void => {
    heard = { headers, at: Date.now() };
  };

  /** Each step waits only where it has to: with everything loaded and a fixed key, none but the last does. */
  function open(request: ModelRequest, signal: AbortSignal): Promise<WireExchange> {
    signal.throwIfAborted();
    if (loaded !== undefined) return openWith(loaded, request, signal);
    loading ??= loadWith(load);
    return loading.then((parts) => openWith((loaded = parts), request, signal));
  }

  function openWith(parts: Loaded, request: ModelRequest, signal: AbortSignal): Promise<WireExchange> {
    const key = resolveKey(options.apiKey, signal);
    return key instanceof Promise
      ? key.then((late) => write(parts, { request, key: late }, signal))
      : write(parts, { request, key }, signal);
  }

  function write(parts: Loaded, { request, key }: KeyedRequest, signal: AbortSignal): Promise<WireExchange> {
    const { protocol } = parts;
    const { url, headers } = request.delivery === "whole" ? parts.forWhole : parts.forStream;
    const body = protocol.writeBody(wellFormed(request));
    const proof = protocol.headersFor(key, { url, body, accept: headers.accept, signal });
    return proof instanceof Promise
      ? proof.then((late) => send(parts, { url, body, key, headers: { ...headers, ...late } }, signal))
      : send(parts, { url, body, key, headers: { ...headers, ...proof } }, signal);
  }

  function send(
    { protocol, Exchange }: Loaded,
    { url, body, key, headers }: ProvenBody,
    signal: AbortSignal,
  ): Promise<WireExchange> {
    const call = {
      identity,
      url,
      transport: options.transport ?? sharedHttpTransport(),
      headers: options.headers === undefined ? headers : { ...headers, ...options.headers },
      limits: options.timeouts ?? noLimits,
      secrets: key === undefined ? [] : [key],
      ...(protocol.readError === undefined ? {} : { readError: protocol.readError }),
      heard: remember,
    };
    return Exchange.open(call, { protocol, body }, signal);
  }

  return {
    provider: identity.provider,
    id: identity.model,
    // Without its query, in which some gateways take their key.
    address: place.origin + place.pathname,
    ...digestOf({ ...settings, headers: options.headers }, defaults),
    ...knownOf(options),
    rateLimits,
    stream: (request, { signal }) => new WireStream(() => open(request, signal)),
  };
}

/** Half a character in the instructions would have the whole request refused; messages are looked at one by one. */
function wellFormed(request: ModelRequest): ModelRequest {
  const { system } = request;
  return system === undefined || system.isWellFormed()
    ? request
    : { ...request, system: system.toWellFormed() };
}

const noLimits: ModelLimits = {};

interface KeyedRequest {
  readonly request: ModelRequest;
  readonly key: string | undefined;
}

/** A body with what goes out beside it. */
interface ProvenBody {
  readonly url: URL;
  readonly body: string;
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

interface Loaded {
  readonly protocol: WireProtocol;
  readonly forStream: Delivery;
  /** The same as `forStream` of a protocol that always streams. */
  readonly forWhole: Delivery;
  readonly Exchange: typeof WireExchange;
}

/** What every request for a stream has in common, or every one for a whole answer. */
interface Delivery {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>> & { readonly accept: string };
}

async function loadWith(load: () => Promise<WireProtocol>): Promise<Loaded> {
  const [protocol, module] = await Promise.all([load(), import("./wire-exchange.ts")]);
  const common = { "content-type": "application/json", "user-agent": "tau" };
  const { url, wholeUrl, framing } = protocol;
  const forStream = { url, headers: { ...common, accept: framing.contentType } };
  return {
    protocol,
    forStream,
    forWhole:
      wholeUrl === undefined
        ? forStream
        : { url: wholeUrl, headers: { ...common, accept: "application/json" } },
    Exchange: module.WireExchange,
  };
}

/** A digest, as headers may hold secrets. */
function digestOf(
  settings: Readonly<Record<string, unknown>>,
  defaults: Readonly<Record<string, unknown>> = {},
): Pick<Model, "settings"> {
  const told = Object.entries(settings).filter(([name, value]) => {
    const text = canonicalJson({ value });
    return !nothing.has(text) && text !== canonicalJson({ value: defaults[name] });
  });
  if (told.length === 0) return {};
  return { settings: hash("sha256", canonicalJson(Object.fromEntries(told)), "hex") };
}

const nothing: ReadonlySet<string> = new Set(["{}", '{"value":{}}', '{"value":[]}']);

/** What is known of the model before anybody calls it. */
function knownOf(options: WireModelOptions): Pick<Model, "price" | "contextWindow" | "capabilities"> {
  const { capabilities } = options;
  const price = options.price ?? capabilities?.price;
  const contextWindow = options.contextWindow ?? (capabilities && windowOf(capabilities));
  return {
    ...(price === undefined ? {} : { price }),
    ...(contextWindow === undefined ? {} : { contextWindow }),
    ...(capabilities === undefined ? {} : { capabilities }),
  };
}
