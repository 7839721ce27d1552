import type { ModelRequest } from "@tau/agent";
import type { ServiceTier } from "@tau/core";

/** The services whose prices differ; other words of providers leave the choice to them. */
const services: ReadonlyMap<unknown, ServiceTier> = new Map([
  ["batch", "batch"],
  ["flex", "flex"],
  ["priority", "priority"],
]);

/** How urgent a request says that it is, in the field that OpenAI and others have for it; undefined: as usual. */
export function serviceOf({ providerOptions }: ModelRequest): ServiceTier | undefined {
  if (providerOptions === undefined) return undefined;
  for (const options of Object.values(providerOptions)) {
    const service = services.get(options["service_tier"]);
    if (service !== undefined) return service;
  }
  return undefined;
}
