import type { EngineAddress } from "@tau/container";
import { parseEngineAddress } from "@tau/container";
import type { Json, JsonObject } from "@tau/core";

/** Where a section says that the engine listens; nothing leaves it to the usual sockets. Throws `container.invalid_address`. */
export function engineOf({ engine }: JsonObject): { readonly engine?: EngineAddress } {
  const address = textOf(engine);
  return address === undefined ? {} : { engine: parseEngineAddress(address) };
}

/** A text of a section. */
export function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A number of a section. */
export function numberOf(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}
