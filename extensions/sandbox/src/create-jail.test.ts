import { describeEnvironment } from "@tau/tools/testing";

import { createJail } from "./create-jail.ts";

describeEnvironment("jail", (profile) => createJail({ profile }));
