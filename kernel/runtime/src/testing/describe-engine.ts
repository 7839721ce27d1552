import { describe } from "vitest";

import type { EngineAdapter } from "./engine-adapter.ts";
import { engineAppendTests } from "./engine-append-tests.ts";
import { engineCancelTests } from "./engine-cancel-tests.ts";
import { engineContextTests } from "./engine-context-tests.ts";
import { engineOrderTests } from "./engine-order-tests.ts";
import { engineRunTests } from "./engine-run-tests.ts";
import { engineTimeTests } from "./engine-time-tests.ts";

/** The contract of {@link Engine}, as tests. Call it in a test file of the adapter. */
export function describeEngine(name: string, adapter: EngineAdapter): void {
  describe(`${name} keeps the contract of Engine`, () => {
    engineRunTests(adapter);
    engineContextTests(adapter);
    engineAppendTests(adapter);
    engineTimeTests(adapter);
    engineCancelTests(adapter);
    engineOrderTests(adapter);
  });
}
