import type { CallContext } from "@tau/core";

import { createHttpTransport } from "../http/http-transport.ts";
import type { HttpTransport } from "../http/http-transport.ts";
import type { Model, ModelRequest } from "../model.ts";
import { createOpenAiChat } from "../openai-chat/openai-chat.ts";
import { testContext } from "../testing/test-context.ts";
import type { ScriptedServer } from "../scripted/server.ts";
import { describeModel } from "../testing/describe-model.ts";
import type { ModelFixture, ModelScenario } from "../testing/describe-model.ts";
import { startScenarioServer } from "../testing/scenario-server.ts";
import { createPlace } from "./cassette.test.support.ts";
import { recordModel } from "./record-model.ts";
import { recordTransport } from "./record-transport.ts";
import { replayModel } from "./replay-model.ts";
import { replayTransport } from "./replay-transport.ts";

interface Recorded {
  readonly model: Model;
  readonly recorder: AsyncDisposable;
}

/** Reads what the provider says; gives up waiting where it stalls. */
async function readOnce(model: Model, request: ModelRequest, stalls: boolean): Promise<void> {
  const controller = new AbortController();
  try {
    for await (const _ of model.stream(request, testContext(controller.signal))) {
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
  const { server, apiKey } = await startScenarioServer(scenario);
  const direct = createHttpTransport();
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
  const { server, apiKey } = await startScenarioServer(scenario);
  const transport = createHttpTransport();
  const recorder = await recordTransport({ path: place.path, transport });
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
