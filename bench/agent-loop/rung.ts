/** One way to run the agent loop: ten tool turns and an answer. */
export interface Rung extends AsyncDisposable {
  /** One whole run; answers the final text, which the driver checks. */
  run(): Promise<string>;
}

/** Makes a rung that talks to the model at `baseUrl`, with room for `concurrency` runs at a time. */
export type OpenRung = (options: { readonly baseUrl: string; readonly concurrency: number }) => Promise<Rung>;

/** What the model is told of the one tool. */
export const addSchema = {
  type: "object",
  properties: { a: { type: "number" }, b: { type: "number" } },
  required: ["a", "b"],
  additionalProperties: false,
} as const;

export const prompt = "Add the numbers, one call at a time, then say what you did.";
