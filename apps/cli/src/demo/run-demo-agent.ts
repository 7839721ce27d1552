import { readFile } from "node:fs/promises";

import { createOpenAiChat } from "@tau/agent";
import { parseTranscript, startScriptedServer } from "@tau/agent/scripted";
import { userText } from "@tau/core";

import { followRun } from "../follow-run.ts";
import { localContext } from "../local-context.ts";
import { openLocalRuntime } from "../local-runtime.ts";
import type { Settings } from "../settings.ts";
import type { Terminal } from "../terminal.ts";
import { createTimelineView } from "../timeline-view.ts";
import { demoFolder } from "./copy-project.ts";

/** What the demo asks for. */
const demoPrompt = "The tests of this project fail. Find out why and fix the code, not the tests.";

/** Micro-USD per million tokens: what a mid-sized model costs, so that the sum at the end means something. */
const demoPrice = { inputPerMillion: 3_000_000, outputPerMillion: 15_000_000 } as const;

/** How the demo's run went. */
export interface DemoRun {
  readonly exitCode: number;
  readonly sessionId: string;
  readonly events: number;
  readonly costMicroUsd: number;
}

/** Runs the agent, its model being a transcript behind a real HTTP server. */
export async function runDemoAgent(settings: Settings, terminal: Terminal): Promise<DemoRun> {
  const transcript = parseTranscript(await readFile(new URL("./transcript.json", demoFolder), "utf8"));
  await using server = await startScriptedServer(transcript);
  const model = createOpenAiChat({
    baseUrl: `${server.url}/v1`,
    apiKey: "scripted",
    model: "scripted",
    provider: "scripted",
    price: demoPrice,
  });
  const context = localContext(terminal);
  await using local = await openLocalRuntime({ settings, model, takesUp: [] });
  const { runtime } = local;
  await runtime.start();
  const { sessionId } = await runtime.createSession({ bootstrap: local.bootstrap }, context);
  const started = await runtime.startRun({ sessionId, prompt: userText(demoPrompt) }, context);
  const view = createTimelineView(terminal, { diffs: false });
  const exitCode = await followRun({
    runtime,
    sessionId,
    ...started,
    context,
    terminal,
    view,
    interactive: false,
  });
  const { version, costMicroUsd } = await runtime.getSession(sessionId, context);
  return { exitCode, sessionId, events: version, costMicroUsd };
}
