import type { Model, WireModelOptions } from "@tau/agent";
import { createWireModel, endpointOf, modelError } from "@tau/agent/adapter";
import type { ModelIdentity } from "@tau/agent/adapter";
import type { JsonObject } from "@tau/core";

import type { ConverseBodyOptions } from "./body-options.ts";
import { environmentCredentials } from "./credentials.ts";
import type { AwsCredentials, AwsCredentialSource, Environment } from "./credentials.ts";
import { familyOf } from "./model-family.ts";

/** A guardrail that reads along. */
export interface BedrockGuardrail {
  /** Its id or ARN. */
  readonly id: string;
  /** `DRAFT` or a number. */
  readonly version: string;
  /** `async` lets text out before it was read; default `sync`. */
  readonly mode?: "sync" | "async";
  /** Says in `stopDetails` what it found. Default false. */
  readonly trace?: boolean;
}

/** Options of {@link createBedrockConverse}. */
export interface BedrockConverseOptions extends WireModelOptions {
  /** An id, a cross-region inference id such as `us.anthropic.claude-sonnet-4-5-20250929-v1:0`, or an ARN. */
  readonly model: string;
  /** Default: the region in the model's ARN, then `AWS_REGION`, then `AWS_DEFAULT_REGION`. */
  readonly region?: string;
  /** Used without an `apiKey`. Default: `AWS_ACCESS_KEY_ID` and its like, read at each call. */
  readonly credentials?: AwsCredentialSource;
  /** Default `https://bedrock-runtime.REGION.amazonaws.com`. */
  readonly baseUrl?: string;
  /** How the model's vendor is called, where the id does not say, as in ARNs of application profiles: `anthropic`. */
  readonly vendor?: string;
  readonly guardrail?: BedrockGuardrail;
  /** Tokens of an answer when the request does not say. Default: the model's own, and 8192 beside thinking. */
  readonly maxOutputTokens?: number;
  /** How long marked prompts of models that know marks are kept. Default `5m`; `false` places no marks. */
  readonly promptCache?: "5m" | "1h" | boolean;
  /** Ask for citations of the documents in the conversation. Default false. */
  readonly citeDocuments?: boolean;
  /** The name in errors and costs. Default `bedrock`. */
  readonly provider?: string;
  /** Where keys, credentials and the region are looked for. Default: that of the process. */
  readonly environment?: Environment;
}

/**
 * Makes a {@link Model} that speaks Bedrock Converse, with an API key or with signed requests.
 *
 * @throws TauError `model.invalid_request` when no region is known, or the base URL is not an address
 */
export function createBedrockConverse(options: BedrockConverseOptions): Model {
  const { environment = process.env, model } = options;
  const identity = { provider: options.provider ?? "bedrock", model };
  const region = regionOf(options, environment, identity);
  const base = options.baseUrl ?? `https://bedrock-runtime.${region}.${domainOf(region)}`;
  const address = `/model/${encodeURIComponent(model)}`;
  const url = endpointOf(base, `${address}/converse-stream`);
  // Whoever gives credentials wants them used, whatever the environment holds.
  const apiKey = options.apiKey ?? (options.credentials === undefined ? bearerOf(environment) : undefined);

  const settings = settingsOf(identity, options);
  const defaults = settingsOf(identity, { model });

  return createWireModel(
    { ...identity, url, settings, defaults },
    { ...options, ...(apiKey === undefined ? {} : { apiKey }) },
    async () => {
      const { createConverseProtocol } = await import("./protocol.ts");
      return createConverseProtocol({
        url,
        wholeUrl: endpointOf(base, `${address}/converse`),
        region,
        credentials: async () => await givenCredentials(options.credentials, environment),
        body: toBodyOptions(identity, options),
      });
    },
  );
}

async function givenCredentials(
  source: AwsCredentialSource | undefined,
  environment: Environment,
): Promise<AwsCredentials | undefined> {
  if (source === undefined) return environmentCredentials(environment);
  return typeof source === "function" ? await source() : source;
}

function bearerOf(environment: Environment): () => Promise<string> {
  return async () => environment["AWS_BEARER_TOKEN_BEDROCK"] ?? "";
}

function regionOf(
  options: BedrockConverseOptions,
  environment: Environment,
  identity: ModelIdentity,
): string {
  const inArn = /^arn:[\w-]+:bedrock:([a-z0-9-]+):/.exec(options.model)?.[1];
  const region =
    options.region ?? inArn ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? "";
  // It becomes a part of the address that credentials are sent to.
  if (/^[a-z]{2}[a-z0-9-]{3,30}$/.test(region)) return region;
  throw modelError("model.invalid_request", identity, {
    sentence:
      region === "" ? "needs a region. Set AWS_REGION, or give one" : "cannot be found: the region is none",
  });
}

function domainOf(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

/** What changes its answers. */
function settingsOf(
  identity: ModelIdentity,
  options: BedrockConverseOptions,
): Readonly<Record<string, unknown>> {
  return { ...toBodyOptions(identity, options), identity: undefined, promptCache: undefined };
}

function toBodyOptions(identity: ModelIdentity, options: BedrockConverseOptions): ConverseBodyOptions {
  const { promptCache = true, capabilities, vendor } = options;
  const family = familyOf(vendor === undefined ? options.model : `${vendor}.${options.model}`, capabilities);
  const ttl = promptCache === true ? "5m" : promptCache === false ? "none" : promptCache;
  return {
    identity,
    family,
    sampling: capabilities?.sampling !== "no",
    promptCache: family.marks ? ttl : "none",
    citeDocuments: options.citeDocuments ?? false,
    ...(options.maxOutputTokens === undefined ? {} : { maxOutputTokens: options.maxOutputTokens }),
    ...(options.guardrail === undefined ? {} : { guardrail: toGuardrail(options.guardrail) }),
  };
}

function toGuardrail({ id, version, mode = "sync", trace = false }: BedrockGuardrail): JsonObject {
  return {
    guardrailIdentifier: id,
    guardrailVersion: version,
    streamProcessingMode: mode,
    trace: trace ? "enabled" : "disabled",
  };
}
