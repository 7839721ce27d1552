/** Codes of the failures this package throws. */
export const pipelineErrorCodes = {
  "pipeline.wrong_order":
    "The layers of a pipeline are not in their order, or one is there twice. The message names both layers and what to do.",
} as const;
