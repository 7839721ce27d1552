/** A token of Entra ID with the time until which it is valid, in milliseconds since the epoch. */
export interface EntraToken {
  readonly token: string;
  readonly expiresAtMs: number;
}

/**
 * Gets a token for the scope `https://cognitiveservices.azure.com/.default`: asked at every call, unless it says
 * how long the token is valid. `getBearerTokenProvider()` of `@azure/identity` is one.
 */
export type EntraTokenSource = () => Promise<string | EntraToken>;

/** A token is not used in its last two minutes, so that it does not run out on the way. */
const marginMs = 120_000;

/** Asks `source` only when the last token is about to run out; calls that come meanwhile share the answer. */
export function rememberToken(source: EntraTokenSource): () => Promise<string> {
  let known: EntraToken | undefined;
  let asking: Promise<string> | undefined;

  async function ask(): Promise<string> {
    try {
      const answer = await source();
      known = typeof answer === "string" ? undefined : answer;
      return typeof answer === "string" ? answer : answer.token;
    } finally {
      asking = undefined;
    }
  }

  return async () => {
    if (known !== undefined && Date.now() < known.expiresAtMs - marginMs) return known.token;
    return await (asking ??= ask());
  };
}
