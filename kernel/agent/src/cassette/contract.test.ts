import type { CallContext } from "@tau/core";

import { createHttpTransport } from "../http/http-transport.ts";
import type { HttpTransport } from "../http/http-transport.ts";
import type { Model, ModelRequest } from "../model.ts";
import { createOpenAiChat } from "../openai-chat/openai-chat.ts";
import { contextOf } from "../recorded.test.support.ts";
import { startScriptedServer } from "../scripted/server.ts";
import type { ScriptedServer } from "../scripted/server.ts";
import type { TranscriptTurn } from "../scripted/transcript.ts";
import { describeModel } from "../testing/describe-model.ts";
import type { ModelFixture, ModelScenario } from "../testing/describe-model.ts";
import { createPlace } from "./cassette.test.support.ts";
import { recordModel } from "./record-model.ts";
import { recordTransport } from "./record-transport.ts";
import { replayModel } from "./replay-model.ts";
import { replayTransport } from "./replay-transport.ts";

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

interface Recorded {
  readonly model: Model;
  readonly recorder: AsyncDisposable;
}

/** Reads what the provider says; gives up waiting where it stalls. */
async function readOnce(model: Model, request: ModelRequest, stalls: boolean): Promise<void> {
  const controller = new AbortController();
  try {
    for await (const _ of model.stream(request, contextOf(controller.signal))) {
      if (stalls) setImmediate(() => controller.abort());
    }
  } catch {
    // The replay tells.
  }
}

/** A model that is recorded by its first call and then plays that recording. */
async function fixture(
  scenario: ModelScenario,
  record: (path: string, create: (transport?: HttpTransport) => Model) => Promise<Recorded>,
  replay: (path: string, create: (transport?: HttpTransport) => Model) => Promise<Model>,
): Promise<ModelFixture> {
  const place = await createPlace();
  const server = await startScriptedServer({ turns: [turns[scenario]] }, { apiKey: "right-key" });
  const direct = createHttpTransport();
  const apiKey = scenario === "refuse" ? "wrong-key" : "right-key";
  const create = (transport = direct): Model =>
    createOpenAiChat({ baseUrl: `${server.url}/v1`, model: "scripted", apiKey, transport });
  return {
    model: {
      provider: "openai",
      id: "scripted",
      async *stream(request: ModelRequest, context: CallContext) {
        const { model, recorder } = await record(place.path, create);
        await readOnce(model, request, scenario === "stall");
        await recorder[Symbol.asyncDispose]();
        yield* (await replay(place.path, create)).stream(request, context);
      },
    },
    openRequests: () => openRequests(server),
    async [Symbol.asyncDispose]() {
      await direct[Symbol.asyncDispose]();
      await server.close();
      await place[Symbol.asyncDispose]();
    },
  };
}

/** Idle connections of the recording are no open requests of the replay. */
async function openRequests(server: ScriptedServer): Promise<number> {
  return Math.max(0, (await server.openConnections()) - 1);
}

describeModel("an adapter on replayTransport()", (scenario) =>
  fixture(
    scenario,
    async (path, create) => {
      const recorder = await recordTransport({ path });
      return { model: create(recorder), recorder };
    },
    async (path, create) => create(await replayTransport({ path })),
  ),
);

describeModel("replayModel()", (scenario) =>
  fixture(
    scenario,
    async (path, create) => {
      const model = await recordModel(create(), { path });
      return { model, recorder: model };
    },
    (path) => replayModel({ path }),
  ),
);

describeModel("an adapter on recordTransport()", async (scenario) => {
  const place = await createPlace();
  const server = await startScriptedServer({ turns: [turns[scenario]] }, { apiKey: "right-key" });
  const transport = createHttpTransport();
  const recorder = await recordTransport({ path: place.path, transport });
  const apiKey = scenario === "refuse" ? "wrong-key" : "right-key";
  return {
    model: createOpenAiChat({ baseUrl: `${server.url}/v1`, model: "scripted", apiKey, transport: recorder }),
    openRequests: () => server.openConnections(),
    async [Symbol.asyncDispose]() {
      await recorder[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
      await server.close();
      await place[Symbol.asyncDispose]();
    },
  };
});
