import { modelError } from "@tau/agent/adapter";
import type { ModelIdentity } from "@tau/agent/adapter";
import { isTauError } from "@tau/core";

/** What proves to AWS who asks. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
}

/** Credentials, or how to get them at each call: a role's are renewed while the program runs. */
export type AwsCredentialSource = AwsCredentials | (() => Promise<AwsCredentials>);

/** The variables of an environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads credentials as the tools of AWS name them; undefined when there are none. */
export function environmentCredentials(environment: Environment): AwsCredentials | undefined {
  const accessKeyId = environment["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = environment["AWS_SECRET_ACCESS_KEY"];
  const sessionToken = environment["AWS_SESSION_TOKEN"];
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

/**
 * Asks for the credentials of one call.
 *
 * @throws TauError `model.auth` when there are none, or their source failed
 */
export async function resolveCredentials(
  source: () => Promise<AwsCredentials | undefined>,
  identity: ModelIdentity,
): Promise<AwsCredentials> {
  let credentials: AwsCredentials | undefined;
  try {
    credentials = await source();
  } catch (error) {
    if (isTauError(error)) throw error;
    throw modelError("model.auth", identity, {
      sentence: "has no credentials: their source failed. The log says why",
      cause: error,
    });
  }
  if (credentials !== undefined) return credentials;
  throw modelError("model.auth", identity, {
    sentence:
      "has no credentials. Set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give some",
  });
}
