import { startScriptedServer } from "../scripted/server.ts";
import type { ScriptedServer } from "../scripted/server.ts";
import type { TranscriptTurn } from "../scripted/transcript.ts";
import type { ModelScenario } from "./describe-model.ts";

const text = "Hello, world.";
const turns: Readonly<Record<ModelScenario, TranscriptTurn>> = {
  answer: { text, chunkChars: 5 },
  tools: {
    toolCalls: [
      { name: "add", arguments: '{"a":1,"b":2}' },
      { name: "add", arguments: '{"a":3,"b":4}' },
    ],
    chunkChars: 5,
  },
  cut: { text, chunkChars: 2, failure: { kind: "cut", afterEvents: 4 } },
  stall: { text, chunkChars: 2, failure: { kind: "stall", afterEvents: 4 } },
  refuse: { text },
};

/** The other side of a model in a test of its contract. */
export interface ScenarioServer {
  readonly server: ScriptedServer;
  /** What to give the adapter; in the scenario `refuse` the server wants another. */
  readonly apiKey: string;
}

/** Starts the scripted model as a scenario wants it, for adapters of a protocol that it speaks. */
export async function startScenarioServer(scenario: ModelScenario): Promise<ScenarioServer> {
  const server = await startScriptedServer({ turns: [turns[scenario]] }, { apiKey: "right-key" });
  return { server, apiKey: scenario === "refuse" ? "wrong-key" : "right-key" };
}
