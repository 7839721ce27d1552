import type { Client } from "@modelcontextprotocol/client";
import { untrusted } from "@tau/core";
import type { Label, Message, ToolResultContent } from "@tau/core";

import { toContent, toMedia } from "./to-content.ts";

/** How long to wait for an answer. */
export interface RequestLimits {
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Something that a server can be asked to read: its words. */
export interface McpResource {
  readonly uri: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
}

/** Lists all resources, page by page to the end. */
export async function listResources(client: Client, limits: RequestLimits): Promise<readonly McpResource[]> {
  const { resources } = await client.listResources(undefined, { ...limits, cacheMode: "refresh" });
  return resources.map(({ uri, name, title, description, mimeType }) => ({
    uri,
    name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(mimeType === undefined ? {} : { mimeType }),
  }));
}

/** Reads a resource; every part is labelled as the server's. */
export async function readResource(
  client: Client,
  { server, uri }: { readonly server: string; readonly uri: string },
  limits: RequestLimits,
): Promise<readonly ToolResultContent[]> {
  const { contents } = await client.readResource({ uri }, { ...limits, cacheMode: "refresh" });
  const label = untrusted(`mcp:${server}`);
  return contents.map((content) => ({
    ...("text" in content
      ? { type: "text" as const, text: content.text }
      : toMedia(content.mimeType ?? "application/octet-stream", content.blob, content.uri)),
    label,
  }));
}

/** Waits for changes of a resource until the signal aborts; they arrive as notifications. */
export async function watchResource(client: Client, uri: string, limits: RequestLimits): Promise<void> {
  const { signal } = limits;
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  if (client.getProtocolEra() === "modern") {
    const subscription = await client.listen({ resourceSubscriptions: [uri] }, limits);
    await Promise.race([aborted, subscription.closed]);
    await subscription.close();
    return;
  }
  await client.subscribeResource({ uri }, limits);
  await aborted;
  await client.unsubscribeResource({ uri }).catch(() => undefined);
}

/** Fills in a prompt; every part is labelled as the server's. */
export async function getPrompt(
  client: Client,
  request: {
    readonly server: string;
    readonly prompt: string;
    readonly args: Readonly<Record<string, string>>;
  },
  limits: RequestLimits,
): Promise<readonly Message[]> {
  const { server, prompt, args } = request;
  const { messages } = await client.getPrompt({ name: prompt, arguments: { ...args } }, limits);
  const label = untrusted(`mcp:${server}`);
  return messages.map(({ role, content }) => toMessage(role, { ...toContent(content), label }, label));
}

function toMessage(role: "assistant" | "user", part: ToolResultContent, label: Label): Message {
  if (role === "user") return { role, parts: [{ ...part, label }] };
  return { role, parts: [{ ...part, label }] };
}

/** What values are wanted for. */
export interface CompletionRequest {
  readonly of: { readonly prompt: string } | { readonly uriTemplate: string };
  readonly argument: string;
  /** What was typed so far. */
  readonly value: string;
  /** The other arguments that are known already. */
  readonly known?: Readonly<Record<string, string>>;
}

/** Asks for suggestions. */
export async function complete(
  client: Client,
  { of, argument, value, known }: CompletionRequest,
  limits: RequestLimits,
): Promise<readonly string[]> {
  const ref =
    "prompt" in of
      ? { type: "ref/prompt" as const, name: of.prompt }
      : { type: "ref/resource" as const, uri: of.uriTemplate };
  const context = known === undefined ? {} : { context: { arguments: { ...known } } };
  const params = { ref, argument: { name: argument, value }, ...context };
  const { completion } = await client.complete(params, limits);
  return completion.values;
}
