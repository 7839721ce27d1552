import { noUsage } from "@tau/core";
import type { ModelEvent } from "@tau/core";
import { describe, expect, test } from "vitest";

import { joinDeltas } from "./join-deltas.ts";

const text = (said: string): ModelEvent => ({ type: "text_delta", text: said });

describe("joinDeltas()", () => {
  test("joins neighbours of a kind, keeps the order, and leaves out what nobody can read yet", () => {
    const batch: readonly ModelEvent[] = [
      { type: "thinking_delta", text: "hm" },
      text("Hel"),
      text("lo"),
      { type: "tool_call_started", index: 0, id: "c1", name: "read" },
      { type: "tool_call_delta", index: 0, fragment: "{" },
      text("!"),
      {
        type: "finished",
        message: { role: "assistant", parts: [] },
        usage: noUsage,
        stopReason: "stop",
        model: "m",
      },
    ];

    expect(joinDeltas(batch)).toEqual([
      { type: "thinking_delta", text: "hm" },
      { type: "text_delta", text: "Hello" },
      { type: "tool_call_started", index: 0, id: "c1", name: "read" },
      { type: "text_delta", text: "!" },
    ]);
  });
});
