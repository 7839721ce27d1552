/** What a server of the Responses protocol is asked for besides the request. */
export interface ResponsesSettings {
  /**
   * Ask for thinking in encrypted form, so that it can be sent back though nothing is stored. Models that do
   * not think refuse the wish. Default: found by the model's id.
   */
  readonly encryptedReasoning?: boolean;
  /** Summaries of the thinking, when the request asks for thinking. Default `auto`. */
  readonly reasoningSummary?: "auto" | "concise" | "detailed" | "none";
}

/** Models that think, as OpenAI and xAI name them; others (and deployments) have names of their own. */
const thinkingModels =
  /(?:^|[/.])(?:o[1-9]|gpt-(?:[5-9]|\d\d)|codex|computer-use|grok-(?:[4-9]|code))(?!.*(?:chat|non-reasoning))/;

/** The settings with their defaults. */
export function responsesSettings(
  options: ResponsesSettings & { readonly model: string },
): Required<ResponsesSettings> {
  const { encryptedReasoning, reasoningSummary = "auto", model } = options;
  return { encryptedReasoning: encryptedReasoning ?? thinkingModels.test(model), reasoningSummary };
}
