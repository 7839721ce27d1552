import type { Message } from "@tau/core";

import { ask, quoted, seen } from "./probe-check.ts";
import type { Judgement, ProbeCheck, ProbedAnswer } from "./probe-check.ts";
import { weatherTool } from "./tool-checks.ts";

/** A picture of 32 by 32 pixels, all of them red, as PNG. */
const redPicture =
  "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAJ0lEQVR42u3NsQkAAAjAsP7/tF7hIASyp6lTCQQCgUAgEAgEgi/BAjLD/C5w/SM9AAAAAElFTkSuQmCC";

const puzzle =
  "A bat and a ball cost 1.10 together; the bat costs 1.00 more than the ball. What does the ball cost?";

/** Thinking itself takes some thousand tokens. */
const thinking = { reasoning: "medium", maxOutputTokens: 8_000 } as const;

const picture: Message = {
  role: "user",
  parts: [
    { type: "text", text: "Which colour is this picture? Answer with one word." },
    { type: "image", mediaType: "image/png", source: { kind: "base64", data: redPicture } },
  ],
};

/** Thinking, seeing, and a prompt that is asked again. `nonce` keeps an older run out of the provider's cache. */
export function otherChecks(nonce: string): readonly ProbeCheck[] {
  return [
    { name: "reasoning", request: ask(puzzle, thinking), judge: judgeThinking },
    {
      name: "reasoning_with_tools",
      request: ask("Think first: should I take an umbrella in Bergen today? Use the tool.", {
        ...thinking,
        tools: [weatherTool],
      }),
      judge: judgeThinkingWithTools,
    },
    {
      name: "vision",
      request: { ...ask(""), messages: [picture] },
      judge: ({ text }) => seen(/\bred\b/i.test(text), "saw red", `saw ${quoted(text)} in a red picture`),
    },
    {
      name: "prompt_cache",
      request: ask("Reply with the one word: again.", { system: longText(nonce) }),
      times: 2,
      judge: ({ finished: { usage } }) =>
        usage.cacheReadTokens > 0
          ? {
              verdict: "yes",
              detail: `${usage.cacheReadTokens} of ${usage.inputTokens} tokens came out of it`,
            }
          : { verdict: "unknown", detail: "not seen the second time" },
    },
  ];
}

function thoughts({ thinkingDeltas, finished }: ProbedAnswer): number {
  return Math.max(thinkingDeltas, finished.usage.reasoningTokens);
}

function judgeThinking(answer: ProbedAnswer): Judgement {
  const { reasoningTokens } = answer.finished.usage;
  const how = reasoningTokens > 0 ? `for ${reasoningTokens} tokens` : "where it can be read";
  return seen(thoughts(answer) > 0, `thought ${how}`, "no thoughts, neither shown nor counted");
}

function judgeThinkingWithTools(answer: ProbedAnswer): Judgement {
  if (answer.calls.length === 0) return { verdict: "unknown", detail: "called nothing" };
  return seen(thoughts(answer) > 0, "thought, then called", "called without a thought");
}

/** About six thousand tokens: more than any provider's least prefix. */
function longText(nonce: string): string {
  const lines = Array.from(
    { length: 400 },
    (_, line) => `Rule ${line}: the shelf number ${line * 7} holds books on topic ${line % 13}.`,
  );
  return `Catalogue ${nonce}.\n${lines.join("\n")}`;
}
