// The agent loop in Vercel's AI SDK: its streaming path, with every event read.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

/** @type {import("../agent-loop/rung.ts").OpenRung} */
export async function openRung({ baseUrl }) {
  const provider = createOpenAICompatible({ name: "mock", baseURL: `${baseUrl}/v1`, apiKey: "none" });
  const add = tool({
    description: "Adds two numbers.",
    inputSchema: z.object({ a: z.number(), b: z.number() }),
    execute: async ({ a, b }) => String(a + b),
  });
  return {
    async run() {
      let text = "";
      const answer = streamText({
        model: provider("mock"),
        tools: { add },
        stopWhen: stepCountIs(20),
        prompt: "Add the numbers, one call at a time, then say what you did.",
      });
      for await (const part of answer.fullStream) {
        if (part.type === "text-delta") text += part.text;
        if (part.type === "error") throw part.error;
      }
      return text;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
