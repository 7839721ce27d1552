import { isJsonObject } from "@tau/core";
import { gitTools } from "@tau/tools";

import type { ExtraToolsFile } from "./extra-tools-file.ts";
import { findProgram } from "../find-program.ts";

/** `git_read`, `git_write` and `git_publish`. */
export const gitFile: ExtraToolsFile = {
  open: async ({ tools: { git } }) => {
    // Nothing of the person's own configuration is read: who commits is said here, or it is Tau.
    const { name, email } = isJsonObject(git) ? git : {};
    const identity = {
      name: typeof name === "string" ? name : "Tau",
      email: typeof email === "string" ? email : "tau@localhost",
    };
    const tools = gitTools({ identity });
    return { name: "git", description: "Git by verbs.", tools: () => tools };
  },
  isQuickToCheck: true,
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
