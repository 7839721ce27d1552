import { createClient } from "@connectrpc/connect";
import type { Client } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { RuntimeService } from "@tau/proto";

/** Makes a client with a connection of its own, straight from the contract, as any language would. */
export function openClient(baseUrl: string): Client<typeof RuntimeService> {
  return createClient(RuntimeService, createConnectTransport({ baseUrl, httpVersion: "2" }));
}

/** Runs a prompt; answers how many characters came as tokens, and how many messages carried them. */
export async function countTokens(
  client: Client<typeof RuntimeService>,
  sessionId: string,
): Promise<{ readonly characters: number; readonly messages: number }> {
  let characters = 0;
  let messages = 0;
  for await (const { event } of client.run({ sessionId, prompt: "Go." })) {
    if (event.case !== "token") continue;
    characters += event.value.text.length;
    messages += 1;
  }
  return { characters, messages };
}
