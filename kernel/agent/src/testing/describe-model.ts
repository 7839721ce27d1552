import { isTauError, userText } from "@tau/core";
import type { CallContext, ModelEvent, ToolDefinition } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { Model, ModelRequest } from "../model.ts";
import { testContext } from "./test-context.ts";

/** A model under test with what it was prepared to say; disposed of after each test. */
export interface ModelFixture extends AsyncDisposable {
  readonly model: Model;
  /** Requests that are still open at the other side; absent when the adapter has no other side. */
  readonly openRequests?: () => Promise<number>;
}

/**
 * What the other side must do in a test.
 *
 * - `answer`: say the text `Hello, world.` in at least two pieces.
 * - `tools`: call `add` with `{"a":1,"b":2}` and `add` with `{"a":3,"b":4}`, in parallel, saying nothing.
 * - `cut`: begin to answer and break off, whatever "break off" means there.
 * - `stall`: say at least one piece and then nothing for as long as the test lasts.
 * - `refuse`: refuse the API key.
 */
export type ModelScenario = "answer" | "tools" | "cut" | "stall" | "refuse";

const add: ToolDefinition = {
  name: "add",
  description: "Adds two numbers.",
  inputSchema: {
    type: "object",
    properties: { a: { type: "number" }, b: { type: "number" } },
    required: ["a", "b"],
  },
};

const question: ModelRequest = { system: "Be brief.", messages: [userText("Say hello.")], tools: [add] };

/**
 * Checks the contract of {@link Model}; every adapter runs it in its own tests.
 *
 * Needs vitest, which is not a dependency of this package.
 */
export function describeModel(
  name: string,
  create: (scenario: ModelScenario) => Promise<ModelFixture>,
): void {
  describe(`${name} keeps the contract of Model`, () => {
    test("says who it is", async () => {
      await using fixture = await create("answer");

      expect(fixture.model.provider).not.toBe("");
      expect(fixture.model.id).not.toBe("");
    });

    test("yields batches that are never empty and ends with exactly one finished event", async () => {
      await using fixture = await create("answer");
      const batches: (readonly ModelEvent[])[] = [];
      for await (const batch of fixture.model.stream(question, testContext())) batches.push(batch);

      expect(batches.every((batch) => batch.length > 0)).toBe(true);
      const events = batches.flat();
      expect(events.filter((event) => event.type === "finished")).toHaveLength(1);
      expect(events.at(-1)?.type).toBe("finished");
    });

    test("says in pieces what the finished message says as a whole", async () => {
      await using fixture = await create("answer");
      const events = await read(fixture.model);

      const said = events.map((event) => (event.type === "text_delta" ? event.text : "")).join("");
      expect(said).toBe("Hello, world.");
      expect(events.at(-1)).toMatchObject({
        message: { role: "assistant", parts: [{ type: "text", text: "Hello, world." }] },
        stopReason: "stop",
      });
    });

    test("counts usage in integers", async () => {
      await using fixture = await create("answer");
      const last = (await read(fixture.model)).at(-1);

      const counts = last?.type === "finished" ? Object.values(last.usage) : [];
      expect(counts).toHaveLength(5);
      expect(counts.every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
    });

    test("assembles parallel tool calls in three stages", async () => {
      await using fixture = await create("tools");
      const events = await read(fixture.model);

      const started = events.filter((event) => event.type === "tool_call_started");
      const fragments = started.map(({ index }) =>
        events
          .map((event) => (event.type === "tool_call_delta" && event.index === index ? event.fragment : ""))
          .join(""),
      );
      const last = events.at(-1);
      const calls =
        last?.type === "finished" ? last.message.parts.filter((part) => part.type === "tool_call") : [];
      expect(started.map((event) => event.name)).toEqual(["add", "add"]);
      expect(new Set(started.map((event) => event.id)).size).toBe(2);
      expect(calls.map((call) => call.id)).toEqual(started.map((event) => event.id));
      expect(calls.map((call) => call.arguments)).toEqual(fragments);
      expect(calls.map((call): unknown => JSON.parse(call.arguments))).toEqual([
        { a: 1, b: 2 },
        { a: 3, b: 4 },
      ]);
      expect(last).toMatchObject({ stopReason: "tool_calls" });
    });

    test("throws when the answer is cut, and never says finished", async () => {
      await using fixture = await create("cut");
      const events: ModelEvent[] = [];
      const error = await drain(fixture.model, testContext(), events).catch((thrown: unknown) => thrown);

      expect(isTauError(error) && error.code).toMatch(/^model\./);
      expect(events.filter((event) => event.type === "finished")).toEqual([]);
    });

    test("throws a TauError of class auth when the key is refused", async () => {
      await using fixture = await create("refuse");

      await expect(read(fixture.model)).rejects.toMatchObject({ code: "model.auth", class: "auth" });
    });

    test("throws the signal's reason when it is aborted in the middle, and lets go", async () => {
      await using fixture = await create("stall");
      const controller = new AbortController();
      const reason = new Error("enough");
      const stream = fixture.model.stream(question, testContext(controller.signal))[Symbol.asyncIterator]();
      await stream.next();
      const next = (async () => {
        while ((await stream.next()).done !== true);
      })();
      controller.abort(reason);

      await expect(next).rejects.toBe(reason);
      await expect.poll(() => openRequestsOf(fixture), soon).toBe(0);
    });

    test("throws the signal's reason when it was aborted before", async () => {
      await using fixture = await create("answer");
      const reason = new Error("never mind");

      await expect(drain(fixture.model, testContext(AbortSignal.abort(reason)), [])).rejects.toBe(reason);
    });

    test("lets go when the reader returns early", async () => {
      await using fixture = await create("stall");
      for await (const _ of fixture.model.stream(question, testContext())) break;

      await expect.poll(() => openRequestsOf(fixture), soon).toBe(0);
    });
  });
}

/** Closing a socket takes the other side a moment to notice. */
const soon = { timeout: 5000, interval: 5 };

async function openRequestsOf({ openRequests }: ModelFixture): Promise<number> {
  return openRequests === undefined ? 0 : await openRequests();
}

async function read(model: Model): Promise<readonly ModelEvent[]> {
  const events: ModelEvent[] = [];
  await drain(model, testContext(), events);
  return events;
}

async function drain(model: Model, call: CallContext, events: ModelEvent[]): Promise<void> {
  for await (const batch of model.stream(question, call)) events.push(...batch);
}
