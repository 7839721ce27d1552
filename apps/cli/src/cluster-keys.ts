import { flag, text } from "./config-checks.ts";
import type { Checks } from "./config-checks.ts";

/** What `[environment.kubernetes]` and `[tools.kubernetes]` say of the cluster. */
export const clusterKeys: Checks = {
  kubeconfig: text,
  context: text,
  namespace: text,
  allow_plugins: flag,
};
