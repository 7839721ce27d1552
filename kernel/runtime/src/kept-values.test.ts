import { createPlanningModule } from "@tau/tools";
import { expect, test } from "vitest";

import { memoryStore, openHarness, resultTexts, turnModel } from "./runtime-harness.test.support.ts";
import type { Turn } from "./runtime-harness.test.support.ts";

const tools = createPlanningModule().tools();
const create: Turn = { calls: [{ name: "create_plan", args: { goal: "Ship", steps: ["Build", "Test"] } }] };
const update: Turn = { calls: [{ name: "update_plan", args: { step_number: 1, status: "completed" } }] };

test("what tools keep is in the log: another process knows the plan", async () => {
  const store = memoryStore();
  const first = await openHarness({ model: turnModel([create, { text: "Planned." }]), tools, store });
  await first.run("Plan.");
  await first[Symbol.asyncDispose]();

  await using second = await openHarness({
    model: turnModel([create, update, update, { text: "Done." }]),
    tools,
    store,
  });
  const events = await second.run("Go on.");

  expect(resultTexts(events)[0]).toBe("Ship\n[x] 1. Build\n[ ] 2. Test\nNext: step 2.");
});
