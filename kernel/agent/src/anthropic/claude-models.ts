/** How a Claude model is asked to think: not at all, by a budget of tokens, or by an effort. */
export type ClaudeThinking = "none" | "budget" | "adaptive";

const thoughtless = /claude-(?:instant|v?[12]|3-(?:opus|sonnet|haiku)|3-5-)/;
const budgeted = /claude-(?:3|(?:opus|sonnet|haiku)-4(?:-[0-5])?(?:-\d{8}|@|:|$))/;
const unschooled = /claude-(?:instant|v?[1-3]|(?:opus|sonnet)-4(?:-[01])?(?:-\d{8}|@|:|$))/;

/** How the model thinks, by its id at Anthropic, Bedrock or Vertex; newer ones than known think by an effort. */
export function claudeThinking(model: string): ClaudeThinking {
  if (thoughtless.test(model)) return "none";
  return budgeted.test(model) ? "budget" : "adaptive";
}

/** Whether the provider can hold the model to a schema: from Claude 4.5 on. */
export function claudeTakesSchema(model: string): boolean {
  return model.includes("claude") && !unschooled.test(model);
}
