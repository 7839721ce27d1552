import { defineTool } from "../define-tool.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool } from "../tool.ts";

/** Makes the tool by which a model tells the user something in the middle of its work, without waiting. */
export function createNotifyTool(): Tool {
  return defineTool<{ readonly text: string }>({
    name: "notify",
    description:
      "Tells the user something while you work, such as a finding or a change of plan, and goes on at once. Nobody answers: to ask, use ask_user.",
    input: {
      type: "object",
      properties: { text: { type: "string", minLength: 1, maxLength: 4000 } },
      required: ["text"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    effects: [],
    execute: ({ text }, context) => {
      context.progress(text);
      return textOutput("The user can see it.", { details: { notice: text } });
    },
  });
}
