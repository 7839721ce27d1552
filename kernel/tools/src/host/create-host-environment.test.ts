import { describeEnvironment } from "../testing/index.ts";
import { createHostEnvironment } from "./create-host-environment.ts";

describeEnvironment("host", (profile) => Promise.resolve().then(() => createHostEnvironment({ profile })));
