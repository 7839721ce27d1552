import { describeEnvironment } from "@tau/tools/testing";

import { createLandlock } from "./create-landlock.ts";

describeEnvironment("landlock", (profile) => createLandlock({ profile }));
