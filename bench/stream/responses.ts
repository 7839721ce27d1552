import { createOpenAiResponses } from "@tau/agent";

import { modelRung } from "./read-model.ts";
import type { Rung } from "./rung.ts";

/** The same for the Responses protocol. */
export async function openRung(baseUrl: string): Promise<Rung> {
  return modelRung((pace, transport) =>
    createOpenAiResponses({ baseUrl: `${baseUrl}/${pace}/v1`, apiKey: "none", model: "mock", transport }),
  );
}
