import { TauError } from "@tau/core";

/** Appends `path` to a base URL and keeps the query, which some gateways need. */
export function endpointOf(baseUrl: string, path: string): URL {
  const url = URL.parse(baseUrl);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new TauError(
      "model.invalid_request",
      `baseUrl ${JSON.stringify(baseUrl.slice(0, 100))} is not an http or https address, for example "http://localhost:8080/v1".`,
    );
  }
  url.pathname = url.pathname.replace(/\/+$/, "") + path;
  return url;
}
