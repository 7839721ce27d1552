import { createHostEnvironment } from "@tau/tools";

import type { Finding } from "../doctor/finding.ts";
import type { EnvironmentFile } from "./environment-file.ts";

const finding: Finding = {
  check: "sandbox",
  result: "note",
  detail: "not used: commands run on this machine, as you",
};

/** No sandbox: only where somebody said so in as many words. */
export const hostFile: EnvironmentFile = {
  open: async ({ settings, profile, env }) =>
    createHostEnvironment({ profile, secretPaths: [settings.home], env }),
  async *check() {
    yield finding;
  },
  async *inspect() {
    yield finding;
  },
};
