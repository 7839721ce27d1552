// The agent loop in OpenAI's Agents SDK over chat completions: its streaming path, tracing off.
import { Agent, OpenAIChatCompletionsModel, Runner, setTracingDisabled, tool } from "@openai/agents";
import OpenAI from "openai";
import { z } from "zod";

/** @type {import("../agent-loop/rung.ts").OpenRung} */
export async function openRung({ baseUrl }) {
  setTracingDisabled(true);
  const client = new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey: "none" });
  const add = tool({
    name: "add",
    description: "Adds two numbers.",
    parameters: z.object({ a: z.number(), b: z.number() }),
    execute: async ({ a, b }) => String(a + b),
  });
  const agent = new Agent({
    name: "main",
    tools: [add],
    model: new OpenAIChatCompletionsModel(client, "mock"),
  });
  const runner = new Runner({ tracingDisabled: true });
  return {
    async run() {
      const prompt = "Add the numbers, one call at a time, then say what you did.";
      const answer = await runner.run(agent, prompt, { stream: true, maxTurns: 20 });
      for await (const _event of answer);
      await answer.completed;
      return answer.finalOutput ?? "";
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
