/**
 * A model that asks a person: the run waits, its process ends, and another one carries the answer in.
 *
 * Run it with: node --conditions=@tau/source examples/ask-user.ts
 */
import { createOpenAiChat } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext, textOf, userText } from "@tau/core";
import type { RunEvent } from "@tau/core";
import {
  createEmbeddedEngine,
  createMemoryContentStore,
  createMemoryJournal,
  createMemoryLeases,
  createRuntime,
} from "@tau/runtime";
import type { Runtime } from "@tau/runtime";
import { createAskUserTool, createPermissionPolicy, createToolRegistry } from "@tau/tools";

// A script plays the model over HTTP. For a real one, give createOpenAiChat its baseUrl, apiKey and model.
const question = { question: "Which colour shall the door have?", options: ["red", "blue"] };
await using script = await startScriptedServer({
  turns: [{ toolCalls: [{ name: "ask_user", arguments: question }] }, { text: "The door will be green." }],
});

// What outlives a process. With @tau/store-sqlite it lies on disk, and the answer may come days later.
const journal = createMemoryJournal();
const leases = createMemoryLeases();
const content = createMemoryContentStore();
const context = createCallContext({ tenant: "home", principal: { id: "ada", kind: "person", scopes: [] } });

/** What a process does: opens the runtime, works, and ends. */
async function inProcess<Result>(work: (runtime: Runtime) => Promise<Result>): Promise<Result> {
  await using engine = createEmbeddedEngine({ journal, leases });
  await using runtime = createRuntime({
    journal,
    engine,
    content,
    agents: [
      {
        name: "painter",
        model: createOpenAiChat({ baseUrl: `${script.url}/v1`, model: "scripted" }),
        tools: createToolRegistry({ tools: [createAskUserTool()] }),
        policyFor: () => createPermissionPolicy({ profile: "read-only" }),
      },
    ],
  });
  await runtime.start();
  return await work(runtime);
}

/** The first event of a session that `wanted` says something of. */
async function first<Result>(
  events: AsyncIterable<readonly RunEvent[]>,
  wanted: (event: RunEvent) => Result | undefined,
): Promise<Result> {
  for await (const batch of events) {
    for (const event of batch) {
      const found = wanted(event);
      if (found !== undefined) return found;
    }
  }
  throw new Error("It did not happen.");
}

const { sessionId } = await inProcess(async (runtime) => {
  const session = await runtime.createSession({}, context);
  const prompt = userText("Paint the door.");
  const { fromSeq } = await runtime.startRun({ sessionId: session.sessionId, prompt }, context);
  const events = runtime.attach({ sessionId: session.sessionId, fromSeq }, context);
  await first(events, (one) =>
    one.kind === "event" && one.event.type === "run_waiting" ? one.event : undefined,
  );
  return session;
});

await inProcess(async (runtime) => {
  const { pending } = await runtime.getSession(sessionId, context);
  const [asked] = pending;
  if (asked?.question === undefined) throw new Error("Nothing was asked.");
  console.log(`asked: ${asked.question.text} ${asked.question.options?.join(" or ")}`);
  const { approvalId } = asked;
  await runtime.respond({ sessionId, approvalId, answer: "answer", note: "green" }, context);
  const answer = await first(runtime.attach({ sessionId, fromSeq: 1 }, context), (one) =>
    one.kind === "event" && one.event.type === "model_finished" && one.event.step === 2
      ? textOf(one.event.message)
      : undefined,
  );
  console.log(answer);
});
