import { TauError } from "@tau/core";

import { endpointOf } from "../endpoint.ts";

/** Where a deployment is and which version of the API it is asked in. */
export interface AzurePlace {
  /** The name of the resource: `https://<resource>.openai.azure.com`. Either this or `endpoint`. */
  readonly resource?: string;
  /** The whole address of the resource, for other clouds and gateways. */
  readonly endpoint?: string;
  /** The name of the deployment, which stands for its model. */
  readonly deployment: string;
  /** `v1` (the default) and `preview` have no dates any more; a date asks in the old way, for example `2024-10-21`. */
  readonly apiVersion?: string;
}

/**
 * The address of one API of a deployment.
 *
 * @throws TauError `model.invalid_request` when the place is not one
 */
export function azureUrl(place: AzurePlace, api: "chat" | "responses"): URL {
  const { deployment, apiVersion = "v1" } = place;
  if (deployment === "") throw invalid("deployment is empty. Name the deployment, not its model.");
  // Copied from the portal, an endpoint may end with a path that belongs to the API.
  const base = baseOf(place).replace(/\/openai(\/v1)?\/*$|\/+$/, "");
  const path = api === "chat" ? "/chat/completions" : "/responses";
  const isDated = apiVersion !== "v1" && apiVersion !== "preview";
  const inDeployment = isDated && api === "chat" ? `/deployments/${encodeURIComponent(deployment)}` : "";
  const url = endpointOf(base, `/openai${isDated ? inDeployment : "/v1"}${path}`);
  if (apiVersion !== "v1") url.searchParams.set("api-version", apiVersion);
  return url;
}

function baseOf({ resource, endpoint }: AzurePlace): string {
  if ((resource === undefined) === (endpoint === undefined)) {
    throw invalid("needs a resource or an endpoint, and not both.");
  }
  if (endpoint !== undefined) return endpoint;
  // It becomes a part of the host's name: nothing in it may lead elsewhere.
  if (resource === undefined || !/^[a-z0-9][a-z0-9-]{0,62}$/i.test(resource)) {
    throw invalid(`resource ${JSON.stringify(resource?.slice(0, 80))} is not the name of a resource.`);
  }
  return `https://${resource}.openai.azure.com`;
}

function invalid(reason: string): TauError {
  return new TauError("model.invalid_request", `createAzureOpenAi(): ${reason}`);
}
