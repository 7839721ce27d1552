// The agent loop in LangGraph's prebuilt agent: its streaming path, tokens included, no checkpointer.
import { tool } from "@langchain/core/tools";
import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { ChatOpenAI } from "@langchain/openai";
import { z } from "zod";

/** @type {import("../agent-loop/rung.ts").OpenRung} */
export async function openRung({ baseUrl }) {
  const llm = new ChatOpenAI({
    model: "mock",
    apiKey: "none",
    streaming: true,
    configuration: { baseURL: `${baseUrl}/v1` },
  });
  const add = tool(async ({ a, b }) => String(a + b), {
    name: "add",
    description: "Adds two numbers.",
    schema: z.object({ a: z.number(), b: z.number() }),
  });
  const agent = createReactAgent({ llm, tools: [add] });
  return {
    async run() {
      const messages = [
        { role: "user", content: "Add the numbers, one call at a time, then say what you did." },
      ];
      let text = "";
      const parts = await agent.stream({ messages }, { streamMode: "messages", recursionLimit: 50 });
      for await (const [message] of parts) {
        if (message.getType() === "ai" && typeof message.content === "string") text += message.content;
      }
      return text;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
