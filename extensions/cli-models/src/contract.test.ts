import { describeModel } from "@tau/agent/testing";
import type { ModelScenario } from "@tau/agent/testing";

import { kinds, startCommand } from "./commands.test.support.ts";
import type { ScenarioName } from "./commands.test.support.ts";

const scenarioOf: Readonly<Record<ModelScenario, ScenarioName>> = {
  answer: "answer",
  tools: "tools",
  cut: "cut",
  stall: "stall",
  refuse: "no login",
};

// The other two commands cannot be given the tools that every question of the contract has.
for (const kind of kinds) {
  describeModel(`createClaudeCli() with a ${kind} command`, async (scenario) => {
    const fixture = await startCommand("claude", {
      kind,
      scenario: scenarioOf[scenario],
      limits: { stopMs: 500 },
    });
    return {
      model: fixture.model,
      ...(kind === "real" ? { openRequests: async () => fixture.vendor.openRequests() } : {}),
      [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
    };
  });
}
