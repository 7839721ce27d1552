import type { AssistantPart } from "@tau/core";
import { describe, expect, test } from "vitest";

import { toMessageJson } from "./message-fragment.ts";

const options = { identity: { provider: "anthropic", model: "claude" }, citeDocuments: false };
const thought: AssistantPart = { type: "thinking", text: "hm", signature: "sig" };
const hidden: AssistantPart = { type: "thinking", text: "", redacted: "xyz" };

function typesOf(...parts: readonly AssistantPart[]): unknown {
  const json = toMessageJson({ role: "assistant", parts }, options);
  if (json === "") return undefined;
  return Object(JSON.parse(json)).content.map(({ type }: { readonly type: string }) => type);
}

describe("toMessageJson()", () => {
  test("leaves out thinking that an answer ends with, cut there: the provider refuses every request with it", () => {
    expect(typesOf(thought, { type: "text", text: "Hi" }, thought, hidden)).toEqual(["thinking", "text"]);
    expect(typesOf(thought, hidden)).toBeUndefined();
    expect(typesOf(thought, { type: "tool_call", id: "c", name: "read", arguments: "{}" })).toEqual([
      "thinking",
      "tool_use",
    ]);
  });
});
