import type { Model } from "@tau/agent";
import { TauError } from "@tau/core";

/** For commands that ask no model. */
export const noModel: Model = {
  provider: "none",
  id: "none",
  stream() {
    throw new TauError("provider.not_found", "This command has no model.");
  },
};
