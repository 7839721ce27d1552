import { TauError } from "@tau/core";

/** Where the models' router answers, and which variable says so. */
export interface RouterAddress {
  /** Without a slash at its end. */
  readonly url: string;
  readonly source: string;
}

const variables = ["TAU_ROUTER_URL", "TAU_ROUTER_BASE_URL"] as const;

/**
 * Takes the router's address from the environment: `TAU_ROUTER_URL`, else `TAU_ROUTER_BASE_URL`. There is no
 * default: prompts and keys go only where somebody said.
 *
 * @throws TauError `choice.router_not_configured`
 */
export function resolveRouterBaseUrl(env: Readonly<Record<string, string | undefined>>): RouterAddress {
  for (const source of variables) {
    const named = env[source]?.trim() ?? "";
    if (named !== "") return { url: checked(named, source), source };
  }
  throw new TauError(
    "choice.router_not_configured",
    `No router of models is configured: set ${variables[0]} to its address.`,
  );
}

function checked(named: string, source: string): string {
  const url = URL.parse(named);
  const isHttp = url !== null && (url.protocol === "https:" || url.protocol === "http:");
  // The address itself is not repeated: a password may be in it.
  if (isHttp && url.username === "" && url.password === "") return named.replace(/\/+$/, "");
  throw new TauError(
    "choice.router_not_configured",
    `${source} is not an http or https address without a name and a password in it. Correct it.`,
  );
}
