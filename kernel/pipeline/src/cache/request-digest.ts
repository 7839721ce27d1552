import { hash } from "node:crypto";

import type { ModelRequest } from "@tau/agent";
import { canonicalJson } from "@tau/core";
import type { Message } from "@tau/core";

/** A conversation up to and with one message, as a digest: the chain continues the one before it. */
interface Link {
  readonly before: string;
  readonly digest: string;
}

// Messages and tools are never edited in place, so each is written down and hashed once in its life; a message once
// more when what stands before it changed.
const digests = new WeakMap<object, string>();
const links = new WeakMap<Message, Link>();

/**
 * Adds one field to a text that will be hashed: name, number of bytes, value. The lengths make it impossible for two
 * different lists of fields to give the same text, whatever their values hold.
 */
export function framed(name: string, value: string): string {
  return `${name}:${Buffer.byteLength(value)}:${value};`;
}

/** SHA-256 of a text, in hexadecimal. */
export function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

/** SHA-256 of an object's canonical JSON (RFC 8785), remembered as long as the object lives. */
function digestOf(value: object): string {
  const known = digests.get(value);
  if (known !== undefined) return known;
  const made = sha256(canonicalJson(value));
  digests.set(value, made);
  return made;
}

/** What a conversation starts from: the digest of no message. */
const noMessages = sha256("");

/**
 * The digests of the conversation's beginnings: the last one is that of all messages. A longer conversation with
 * the same first messages has the same first digests. Hashes only what is new.
 */
export function conversationDigests(messages: readonly Message[]): readonly string[] {
  let before = noMessages;
  return messages.map((message) => {
    const known = links.get(message);
    const link =
      known?.before === before ? known : { before, digest: sha256(framed(before, canonicalJson(message))) };
    if (link !== known) links.set(message, link);
    before = link.digest;
    return before;
  });
}

/** The digest of all messages. */
function conversationDigest(messages: readonly Message[]): string {
  return conversationDigests(messages).at(-1) ?? noMessages;
}

/** The digest of a request's tools, in their order: another order is another prompt. */
export function toolsDigest({ tools, providerTools = [] }: ModelRequest): string {
  if (tools.length === 0 && providerTools.length === 0) return "";
  let text = "";
  for (const tool of tools) text += framed("tool", digestOf(tool));
  for (const tool of providerTools) text += framed("provider_tool", digestOf(tool));
  return sha256(text);
}

// Requests are plain data that nobody edits: a call's digest is made once, whoever asks for it.
const requestDigests = new WeakMap<ModelRequest, string>();

/**
 * The digest of everything in a request that can change its answer: SHA-256 over conversation, tools and all other fields
 * but `promptCache`, which says what the provider keeps. A field that is added to `ModelRequest` counts by itself.
 */
export function requestDigest(request: ModelRequest): string {
  const known = requestDigests.get(request);
  if (known !== undefined) return known;
  const {
    messages,
    tools: _tools,
    providerTools: _providerTools,
    promptCache: _promptCache,
    ...settings
  } = request;
  // What is absent is left out, and so differs from everything that is there.
  const digest = sha256(
    framed("messages", conversationDigest(messages)) +
      framed("tools", toolsDigest(request)) +
      framed("settings", canonicalJson(settings)),
  );
  requestDigests.set(request, digest);
  return digest;
}
