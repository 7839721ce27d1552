/** What a server of the Gemini protocol understands; data, not code. */
export interface GeminiSettings {
  /**
   * What the model behaves like: 3 and later think by level, demand the signatures of their calls back and take media
   * in tool results; 2.5 thinks by a budget of tokens; 2 (and Gemma) does not think. Default: found by the model's id.
   */
  readonly generation?: 2 | 2.5 | 3;
  /**
   * How schemas are sent: as JSON Schema, or as the subset of OpenAPI's that older models and servers are limited to.
   * Default `openapi` for Gemini 1, else `json`.
   */
  readonly schemas?: "json" | "openapi";
}

/** The settings with their defaults. */
export function geminiSettings(
  options: GeminiSettings & { readonly model: string },
): Required<GeminiSettings> {
  const { model, generation, schemas } = options;
  const number = Number(/gemini-(?:[a-z]+-)*?(\d+(?:\.\d+)?)/.exec(model)?.[1] ?? Number.NaN);
  return {
    generation: generation ?? generationOf(model, number),
    schemas: schemas ?? (number < 2 ? "openapi" : "json"),
  };
}

function generationOf(model: string, number: number): 2 | 2.5 | 3 {
  if (number >= 3 || /gemini-[a-z-]+-latest/.test(model)) return 3;
  return number >= 2.5 ? 2.5 : 2;
}
