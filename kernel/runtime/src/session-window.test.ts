import type { UserMessage } from "@tau/core";
import { History } from "@tau/session";
import { describe, expect, test } from "vitest";

import { windowText } from "./session-window.ts";

function historyOf(...parts: UserMessage["parts"]): History {
  const history = new History();
  const event = {
    type: "run_started",
    runId: "r1",
    agent: "main",
    principal: "ada",
    prompt: { role: "user", parts },
    limits: {},
    environment: "host",
    profile: "p",
  } as const;
  history.apply({ seq: 1, at: 1, event });
  return history;
}

describe("windowText()", () => {
  test("keeps what a history shows", () => {
    const history = historyOf({ type: "text", text: "x".repeat(4_000_000) });

    expect(windowText(history)).toBe(history.toText());
  });

  test("keeps nothing of a history with too many tokens, though it has fewer characters", () => {
    expect(windowText(historyOf({ type: "text", text: "\u6f22".repeat(1_000_000) }))).toBeUndefined();
  });

  test("keeps nothing that is too long, though it has few tokens", () => {
    const source = { kind: "base64", data: "A".repeat(5_000_000) } as const;

    expect(windowText(historyOf({ type: "image", mediaType: "image/png", source }))).toBeUndefined();
  });
});
