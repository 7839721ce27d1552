import { createOpenAiChat } from "@tau/agent";

import { modelRung } from "./read-model.ts";
import type { Rung } from "./rung.ts";

/** Tau's model adapter alone. */
export async function openRung(baseUrl: string): Promise<Rung> {
  return modelRung((pace, transport) =>
    createOpenAiChat({ baseUrl: `${baseUrl}/${pace}/v1`, apiKey: "none", model: "mock", transport }),
  );
}
