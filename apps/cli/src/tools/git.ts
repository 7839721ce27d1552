import { gitTools } from "@tau/tools";

import type { ExtraToolsFile } from "./extra-tools-file.ts";
import { findProgram } from "../find-program.ts";

/** `git_read`, `git_write` and `git_publish`. */
export const gitFile: ExtraToolsFile = {
  open: async () => {
    const tools = gitTools();
    return { name: "git", description: "Git by verbs.", tools: () => tools };
  },
  async check(settings) {
    const missing = ["git", "find"].filter((name) => findProgram(name, settings) === undefined);
    return missing.length === 0
      ? { result: "ok", detail: "git_read, git_write, git_publish" }
      : {
          result: "note",
          detail: `${missing.join(" and ")} is not installed, so calls of git_* fail: apt install git findutils`,
        };
  },
};
