import { defineTool } from "../define-tool.ts";
import type { Tool } from "../tool.ts";

/** Makes the tool by which a model says that there is nothing left to do; the runtime's `stopWhenIdle` ends its run then. */
export function createIdleTool(): Tool {
  return defineTool({
    name: "idle",
    description:
      "Says that everything is done, or that nothing more can be done now, and ends your turn. First tell the user what came of it.",
    input: { type: "object", properties: {}, additionalProperties: false },
    sideEffect: "pure",
    effects: [],
    execute: () => "Your turn is over.",
  });
}
