import type { PipelineCall } from "../pipeline-call.ts";

/** A call that may continue a kept prefix. */
export interface AppliedPrefix {
  readonly call: PipelineCall;
  /** Present when it does: to be called when the provider does not know the prefix. */
  readonly forget?: () => Promise<void>;
}
