/**
 * The layers from the outside in: the order in which a call passes them.
 *
 * Telemetry sees whatever happens. Who calls is known (auth) before what they may do (iam), and that before any
 * answer is looked up (cache). Validation stands outside of the cache so that hits are validated too; retry and
 * breaker stand inside of routing so that each candidate has its own.
 */
export const layerOrder = [
  "telemetry",
  "auth",
  "iam",
  "budget",
  "validation",
  "cache",
  "guard",
  "routing",
  "retry",
  "breaker",
] as const;

/** The name of a layer, which is its place. */
export type LayerName = (typeof layerOrder)[number];
