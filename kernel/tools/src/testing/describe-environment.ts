import { describe } from "vitest";

import { describeEnds } from "./environment-end-tests.ts";
import { describeCommands } from "./environment-exec-tests.ts";
import { describeFiles } from "./environment-file-tests.ts";
import type { EnvironmentFactory } from "./environment-fixture.ts";
import { describeProcesses } from "./environment-process-tests.ts";
import { describeProfiles } from "./environment-profile-tests.ts";
import { describeTerminals } from "./environment-terminal-tests.ts";

/** Checks the contract of the `Environment` port. Needs Linux, bash, util-linux and the usual small programs. */
export function describeEnvironment(name: string, create: EnvironmentFactory): void {
  describe(`Environment: ${name}`, () => {
    describeFiles(create);
    describeProfiles(create);
    describeCommands(create);
    describeEnds(create);
    describeProcesses(create);
    describeTerminals(create);
  });
}
