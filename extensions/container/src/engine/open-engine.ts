import { TauError } from "@tau/core";

import type { ContainerEngine } from "./container-engine.ts";
import { createContainerEngine } from "./container-engine.ts";
import type { EngineAddress } from "./engine-address.ts";
import { findEngineAddress } from "./engine-address.ts";

/** Opens the engine of the options, or the usual one. Throws `container.unreachable` when there is none. */
export function openEngine({ engine }: { readonly engine?: EngineAddress }): ContainerEngine {
  const address = engine ?? findEngineAddress();
  if (address !== undefined) return createContainerEngine(address);
  throw new TauError(
    "container.unreachable",
    "There is no socket of a container engine in the usual places. Start Docker or `podman system service`, or name its socket.",
  );
}
