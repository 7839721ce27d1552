import { describeEnvironment } from "@tau/tools/testing";
import { afterAll, beforeAll } from "vitest";

import { startPodman } from "../podman.test.support.ts";
import type { TestEngine } from "../podman.test.support.ts";
import { createContainerEnvironment } from "./create-container-environment.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startPodman();
});
afterAll(async () => await engine[Symbol.asyncDispose]());

describeEnvironment("container of Podman", (profile) =>
  createContainerEnvironment({ profile, engine: engine.address, image: engine.image }),
);
