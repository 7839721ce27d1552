import type { KnownProvider } from "@tau/agent";

/** The row of Bedrock among the providers that Tau knows. */
export const bedrockProvider: KnownProvider = {
  id: "bedrock",
  name: "Amazon Bedrock",
  adapters: ["createBedrockConverse"],
  baseUrl: "https://bedrock-runtime.REGION.amazonaws.com",
  keyVariable: "AWS_BEARER_TOKEN_BEDROCK",
};
