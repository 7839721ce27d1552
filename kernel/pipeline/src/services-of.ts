import type { ModelRequest } from "@tau/agent";
import { costOf, isJsonObject, ratesOf } from "@tau/core";
import type { JsonObject, MicroUsd, Price, ServiceTier, Usage } from "@tau/core";

/** The services whose prices differ; other words of providers leave the choice to them. */
const services: readonly ServiceTier[] = ["batch", "flex", "priority"];
const usual: readonly ServiceTier[] = [];

/**
 * The services that a request names, under whatever key: as `service_tier` or `serviceTier`, as a word or as `{ type }`, in
 * the options of an adapter or of one behind it. Nobody here knows which of them the provider will read.
 */
export function servicesOf({ providerOptions }: ModelRequest): readonly ServiceTier[] {
  if (providerOptions === undefined) return usual;
  const named = new Set<ServiceTier>();
  for (const options of Object.values(providerOptions)) {
    if (!isJsonObject(options)) continue;
    addServices(options, named);
    for (const inner of Object.values(options)) if (isJsonObject(inner)) addServices(inner, named);
  }
  return named.size === 0 ? usual : [...named];
}

function addServices(options: JsonObject, named: Set<ServiceTier>): void {
  for (const said of [options["service_tier"], options["serviceTier"]]) {
    const word = isJsonObject(said) ? said["type"] : said;
    if (typeof word !== "string") continue;
    const service = services.find((one) => one === word.toLowerCase());
    if (service !== undefined) named.add(service);
  }
}

/**
 * What a call costs at most: as usual, or in one of the services, whichever is dearer. What a caller writes never makes it
 * cheaper, because a provider may not read it. A service without a price counts as the usual one: see {@link unpricedOf}.
 */
export function dearestOf(usage: Usage, price: Price, named: readonly ServiceTier[]): MicroUsd {
  let dearest = costOf(usage, price);
  for (const service of named) dearest = Math.max(dearest, costOf(usage, price, service) ?? 0);
  return dearest;
}

/** The service that may be dearer than usual by nobody knows how much. The other ones are cheaper. */
export function unpricedOf(
  { inputTokens }: Pick<Usage, "inputTokens">,
  price: Price,
  named: readonly ServiceTier[],
): ServiceTier | undefined {
  return named.find(
    (service) => service === "priority" && ratesOf(price, { inputTokens, service }) === undefined,
  );
}
