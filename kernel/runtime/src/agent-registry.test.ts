import { defineCapabilities } from "@tau/agent";
import { createToolRegistry } from "@tau/tools";
import { describe, expect, test } from "vitest";

import type { AgentConfig } from "./agent-config.ts";
import { createAgentRegistry } from "./agent-registry.ts";
import { completeRun } from "./complete-run.ts";
import { createMemoryRuntime } from "./create-memory-runtime.ts";
import { codeOf, contextOf, turnModel } from "./runtime-harness.test.support.ts";

function agent(name: string, says = "Hello."): AgentConfig {
  return { name, model: turnModel([{ text: says }]), tools: createToolRegistry() };
}

const failing = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
  return "nothing";
};

describe("createAgentRegistry()", () => {
  test("lists agents in the order in which they came, wherever one was replaced", () => {
    const registry = createAgentRegistry([agent("cook"), agent("clerk")]);
    registry.register(agent("guard"));
    registry.replace(agent("cook"));
    registry.unregister("clerk");

    expect(registry.list()).toEqual(["cook", "guard"]);
    expect(registry.has("clerk")).toBe(false);
  });

  test("refuses a name twice, a blank one, and to touch what is not there", async () => {
    const registry = createAgentRegistry([agent("cook")]);

    expect(failing(() => registry.register(agent("cook")))).toBe("agent.exists");
    expect(failing(() => registry.register(agent(" ")))).toBe("agent.empty_name");
    expect(failing(() => registry.replace(agent("clerk")))).toBe("agent.not_found");
    expect(failing(() => registry.unregister("clerk"))).toBe("agent.not_found");
    expect(await codeOf(registry.get("clerk"))).toBe("agent.not_found");
    expect(await codeOf(registry.capabilities("clerk"))).toBe("agent.not_found");
    expect(registry.list()).toEqual(["cook"]);
  });

  test("makes a lazy agent once, when somebody asks for it", async () => {
    let made = 0;
    const build = async (): Promise<AgentConfig> => {
      made++;
      return agent("cook");
    };
    const registry = createAgentRegistry([{ name: "cook", build }]);
    expect([registry.has("cook"), registry.list(), made]).toEqual([true, ["cook"], 0]);

    const [one, other] = await Promise.all([registry.get("cook"), registry.get("cook")]);

    expect(one).toBe(other);
    expect(made).toBe(1);
  });

  test("tries again after an agent could not be made", async () => {
    let tries = 0;
    const build = (): AgentConfig => {
      if (++tries === 1) throw new Error("The server sleeps.");
      return agent("cook");
    };
    const registry = createAgentRegistry([{ name: "cook", build }]);

    await expect(registry.get("cook")).rejects.toThrow("The server sleeps.");
    expect((await registry.get("cook")).name).toBe("cook");
  });

  test("refuses an agent that was built with another name", async () => {
    const registry = createAgentRegistry([{ name: "cook", build: () => agent("clerk") }]);

    expect(await codeOf(registry.get("cook"))).toBe("agent.wrong_name");
  });

  test("tells what an agent's model can do", async () => {
    const capabilities = defineCapabilities({ tools: "yes" });
    const model = { ...turnModel([]), capabilities };
    const registry = createAgentRegistry([{ ...agent("cook"), model }, agent("clerk")]);

    expect((await registry.capabilities("cook")).tools).toBe("yes");
    expect((await registry.capabilities("clerk")).tools).toBe("unknown");
  });

  test("a runtime runs what is registered while it runs", async () => {
    const registry = createAgentRegistry();
    await using runtime = await createMemoryRuntime({ agents: registry });
    const run = async (name?: string): Promise<string> => {
      const wanted = name === undefined ? {} : { agent: name };
      return (await completeRun(runtime, { prompt: "Hi", ...wanted }, contextOf())).text;
    };
    expect(await codeOf(run())).toBe("agent.not_found");

    registry.register({ name: "cook", build: () => agent("cook", "Soup.") });
    registry.register(agent("clerk", "Paper."));
    expect([await run(), await run("clerk")]).toEqual(["Soup.", "Paper."]);

    registry.replace(agent("cook", "Stew."));
    expect(await run("cook")).toBe("Stew.");
    registry.unregister("cook");
    expect(await codeOf(run("cook"))).toBe("agent.not_found");
  });
});
