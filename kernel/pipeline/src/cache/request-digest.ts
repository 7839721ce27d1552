import { hash } from "node:crypto";

import type { ModelRequest } from "@tau/agent";
import { canonicalJson } from "@tau/core";
import type { Message } from "@tau/core";

import { notesOf } from "../message-notes.ts";
import type { PipelineCall } from "../pipeline-call.ts";

// Messages and tools are never edited in place, so each is written down and hashed once in its life; a message once
// more when what stands before it changed.
const digests = new WeakMap<object, string>();

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

/** All messages, by their digest; the only one of a conversation as it is, which is hashed with all else. */
function conversationText(messages: readonly Message[]): string {
  const [only] = messages;
  if (only !== undefined && messages.length === 1) return framed("only", messageText(only));
  let digest = noMessages;
  for (const message of messages) digest = digestAfter(digest, message);
  return framed("messages", digest);
}

/** Goes on from the digest of what stands before a message. */
function digestAfter(before: string, message: Message): string {
  const notes = notesOf(message);
  if (notes.link?.before === before) return notes.link.digest;
  const digest = linkDigest(before, message);
  notes.link = { before, digest };
  return digest;
}

function linkDigest(before: string, message: Message): string {
  return sha256(before + messageText(message));
}

/**
 * A message as text that no other one gives. Most are one text that somebody said, and by far the longest part of their
 * canonical JSON: it need not be written as JSON to be told apart.
 */
function messageText(message: Message): string {
  const [part] = message.parts;
  const isPlain =
    message.role === "user" &&
    part?.type === "text" &&
    message.parts.length === 1 &&
    hasOnly(part, "type", "text") &&
    hasOnly(message, "role", "parts");
  return isPlain ? framed("user", part.text) : framed("message", canonicalJson(message));
}

function hasOnly(value: object, first: string, second: string): boolean {
  for (const name in value) {
    if (name !== first && name !== second && Reflect.get(value, name) !== undefined) return false;
  }
  return true;
}

/** The digest of a request's tools, in their order: another order is another prompt. */
export function toolsDigest({ tools, providerTools = [] }: ModelRequest): string {
  if (tools.length === 0 && providerTools.length === 0) return "";
  let text = "";
  for (const tool of tools) text += framed("tool", digestOf(tool));
  for (const tool of providerTools) text += framed("provider_tool", digestOf(tool));
  return sha256(text);
}

/** All other fields of a request but those that change no answer. */
function settingsText(request: ModelRequest): string {
  // What is absent is left out, and so differs from everything that is there.
  const settings: Settings = {
    ...request,
    messages: undefined,
    tools: undefined,
    providerTools: undefined,
    promptCache: undefined,
    delivery: undefined,
  };
  if (writtenLast.saysTheSame(settings)) return writtenLast.text;
  const made = canonicalJson(settings);
  writtenLast = new WrittenSettings(settings, made);
  return made;
}

type Settings = Readonly<Record<string, unknown>>;

/** Settings and their text: most calls have the same as the one before. */
class WrittenSettings {
  readonly #names: readonly string[];
  readonly #values: readonly unknown[];
  readonly text: string;

  constructor(settings: Settings, text: string) {
    this.#names = Object.keys(settings);
    this.#values = Object.values(settings);
    this.text = text;
  }

  /** Whether these are the same in the same order. Of objects nobody knows what was changed in them. */
  saysTheSame(settings: Settings): boolean {
    let index = 0;
    for (const name in settings) {
      const value = settings[name];
      if (name !== this.#names[index] || value !== this.#values[index] || typeof value === "object")
        return false;
      index++;
    }
    return index === this.#names.length;
  }
}

let writtenLast = new WrittenSettings({}, "{}");

/**
 * The digest of a call's tenant and everything in its request that can change its answer: SHA-256 over the tenant, so that
 * nobody learns what other tenants ask, conversation, tools and all other fields but those that change no answer:
 * `promptCache` says what the provider keeps, `delivery` in how many pieces it answers. A field that is added to `ModelRequest` counts by itself. Made once for each request of a call.
 */
export function requestDigest({
  request,
  context,
  record,
}: Pick<PipelineCall, "request" | "context" | "record">): string {
  const { tenant } = context;
  const known = record.requestDigest;
  if (known?.request === request && known.tenant === tenant) return known.sha256;
  const text =
    framed("tenant", tenant) +
    conversationText(request.messages) +
    framed("tools", toolsDigest(request)) +
    framed("settings", settingsText(request));
  record.requestDigest = { tenant, request, sha256: sha256(text) };
  return record.requestDigest.sha256;
}
