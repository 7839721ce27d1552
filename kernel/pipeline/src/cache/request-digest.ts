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
 * Adds one field to a text that will be hashed: name, number of UTF-16 code units, value. The lengths make it impossible
 * for two different lists of fields to give the same text, whatever their values hold.
 */
export function framed(name: string, value: string): string {
  return `${name}:${value.length}:${value};`;
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
  return messages.map((message) => (before = digestAfter(before, message)));
}

/** The digest of all messages. */
function conversationDigest(messages: readonly Message[]): string {
  let digest = noMessages;
  for (const message of messages) digest = digestAfter(digest, message);
  return digest;
}

/** Goes on from the digest of what stands before a message. */
function digestAfter(before: string, message: Message): string {
  const known = links.get(message);
  if (known?.before === before) return known.digest;
  const digest = sha256(framed(before, canonicalJson(message)));
  links.set(message, { before, digest });
  return digest;
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
const requestDigests = new WeakMap<ModelRequest, { readonly tenant: string; readonly digest: string }>();

/**
 * The digest of a tenant and everything in a request that can change its answer: SHA-256 over the tenant, so that nobody
 * learns what other tenants ask, conversation, tools and all other fields but `promptCache`, which says what the provider
 * keeps. A field that is added to `ModelRequest` counts by itself.
 */
export function requestDigest(tenant: string, request: ModelRequest): string {
  const known = requestDigests.get(request);
  if (known?.tenant === tenant) return known.digest;
  const {
    messages,
    tools: _tools,
    providerTools: _providerTools,
    promptCache: _promptCache,
    ...settings
  } = request;
  // What is absent is left out, and so differs from everything that is there.
  const digest = sha256(
    framed("tenant", tenant) +
      framed("messages", conversationDigest(messages)) +
      framed("tools", toolsDigest(request)) +
      framed("settings", canonicalJson(settings)),
  );
  requestDigests.set(request, { tenant, digest });
  return digest;
}
