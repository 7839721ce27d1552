import { createPlanningModule } from "@tau/tools";

import type { ExtraToolsFile } from "./extra-tools-file.ts";

/** `create_plan` and `update_plan`: a plan in the session's log. */
export const planningFile: ExtraToolsFile = {
  open: async () => createPlanningModule(),
  check: async () => ({ result: "ok", detail: "create_plan, update_plan" }),
};
