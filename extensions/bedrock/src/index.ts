export type { AwsCredentials, AwsCredentialSource, Environment } from "./credentials.ts";
export { environmentCredentials } from "./credentials.ts";
export type { BedrockConverseOptions, BedrockGuardrail } from "./bedrock-converse.ts";
export { createBedrockConverse } from "./bedrock-converse.ts";
export { bedrockProvider } from "./bedrock-provider.ts";
