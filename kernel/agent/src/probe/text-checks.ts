import { ask, quoted, seen } from "./probe-check.ts";
import type { ProbeCheck, ProbedAnswer } from "./probe-check.ts";

/** Text in, text out: what every model should do, and what servers forget. */
export const textChecks: readonly ProbeCheck[] = [
  {
    name: "answer",
    request: ask("Reply with the one word: ready."),
    judge: ({ text }) => seen(text !== "", `said ${quoted(text)}`, "answered without a word"),
  },
  {
    name: "usage",
    request: ask("Reply with the one word: counted."),
    judge: ({ finished: { usage } }) =>
      seen(
        usage.inputTokens > 0 && usage.outputTokens > 0,
        `${usage.inputTokens} tokens in, ${usage.outputTokens} out`,
        "told no tokens, so costs cannot be known",
      ),
  },
  {
    name: "streaming",
    request: ask("Count from one to forty in words, separated by commas."),
    judge: ({ textDeltas }) => seen(textDeltas > 1, `${textDeltas} pieces`, "the whole answer came at once"),
  },
  {
    name: "system",
    request: ask("What is the capital of France?", {
      system: "Whatever you are asked, answer with the one word: tangerine.",
    }),
    judge: ({ text }) =>
      seen(/tangerine/i.test(text), "followed its instructions", `ignored them and said ${quoted(text)}`),
  },
  {
    name: "sampling",
    request: ask("Reply with the one word: cold.", { temperature: 0 }),
    judge: () => ({ verdict: "yes", detail: "took a temperature of 0" }),
  },
  {
    name: "stop",
    request: ask("Write the digits from 1 to 9, separated by spaces.", { stopSequences: ["5"] }),
    judge: judgeStop,
  },
  {
    name: "max_output",
    request: ask("Write a story of a thousand words about a lighthouse.", { maxOutputTokens: 16 }),
    judge: ({ finished: { stopReason, usage } }) =>
      seen(
        stopReason === "length",
        "stopped at 16 tokens",
        `went on to ${usage.outputTokens} tokens and said "${stopReason}"`,
      ),
  },
];

function judgeStop({ text }: ProbedAnswer) {
  if (text.includes("6")) return { verdict: "no", detail: `went on: ${quoted(text)}` } as const;
  return text.includes("4")
    ? ({ verdict: "yes", detail: "stopped before the 5" } as const)
    : ({ verdict: "unknown", detail: `said something else: ${quoted(text)}` } as const);
}
