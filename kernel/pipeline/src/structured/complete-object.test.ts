import { createAnthropic, createOpenAiChat, unknownCapabilities } from "@tau/agent";
import type { Model, ModelCapabilities } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import type { TranscriptTurn } from "@tau/agent/scripted";
import { isJsonObject, userText } from "@tau/core";
import { describe, expect, test } from "vitest";

import { contextOf } from "../pipeline.test.support.ts";
import { completeObject } from "./complete-object.ts";
import type { ObjectRequest } from "./complete-object.ts";

const schema = {
  type: "object",
  properties: { city: { type: "string" }, people: { type: "integer" } },
  required: ["city", "people"],
  additionalProperties: false,
} as const;
const request: ObjectRequest = {
  system: "Be exact.",
  messages: [userText("How many live in Paris?")],
  outputSchema: { name: "city", schema },
};
const paris = { city: "Paris", people: 2_102_650 };
const json = JSON.stringify(paris);

/** Asks a scripted model that is known to have this way, and answers what it said and what it was sent. */
async function ask(
  structuredOutput: ModelCapabilities["structuredOutput"] | undefined,
  turn: TranscriptTurn,
  asked: ObjectRequest = request,
) {
  await using server = await startScriptedServer({ turns: [turn] });
  const model: Model = {
    ...createOpenAiChat({ baseUrl: `${server.url}/v1`, model: "scripted" }),
    ...(structuredOutput === undefined ? {} : { capabilities: { ...unknownCapabilities, structuredOutput } }),
  };
  const answer = await completeObject(model, asked, contextOf());
  return { answer, sent: server.requests[0]?.body ?? {} };
}

describe("completeObject()", () => {
  test.each(["strict_schema", "unknown", undefined] as const)(
    "lets the provider hold the model to the schema: %s",
    async (known) => {
      const { answer, sent } = await ask(known, { text: json });

      expect(answer).toMatchObject({ value: paris, text: json, method: "strict_schema", faults: [] });
      expect(sent["response_format"]).toMatchObject({
        type: "json_schema",
        json_schema: { schema, strict: true },
      });
    },
  );

  test("tells a model in JSON mode of the schema in its instructions", async () => {
    const { answer, sent } = await ask("json_mode", { text: json });

    expect(answer).toMatchObject({ value: paris, method: "json_mode" });
    expect(JSON.stringify(sent["messages"])).toContain(JSON.stringify(JSON.stringify(schema)).slice(1, -1));
  });

  test("takes the arguments of a tool that the model is forced to call", async () => {
    const toolCalls = [{ name: "__respond_with__", arguments: json }];
    const { answer, sent } = await ask("forced_tool", { toolCalls });

    expect(answer).toMatchObject({ value: paris, text: json, method: "forced_tool" });
    expect(sent["tool_choice"]).toEqual({ type: "function", function: { name: "__respond_with__" } });
    expect(sent["response_format"]).toBeUndefined();
  });

  test("brings a list through a tool, whose arguments must be an object", async () => {
    const list = {
      ...request,
      outputSchema: { name: "numbers", schema: { type: "array", items: { type: "integer" } } },
    };
    const toolCalls = [{ name: "__respond_with__", arguments: { value: [1, 2] } }];

    const { answer, sent } = await ask("forced_tool", { toolCalls }, list);

    expect(answer.value).toEqual([1, 2]);
    const tools = sent["tools"];
    const tool = Array.isArray(tools) && isJsonObject(tools[0]) ? tools[0]["function"] : {};
    expect(tool).toMatchObject({ parameters: { type: "object", properties: { value: { type: "array" } } } });
  });

  test("reads the fence around the answer of a model that can only be asked", async () => {
    const { answer } = await ask("none", { text: `Here you are:\n\`\`\`json\n${json}\n\`\`\`` });

    expect(answer).toMatchObject({ value: paris, method: "instructed" });
  });

  test.each([
    ["no JSON", "strict_schema", { text: "About two million." }, "it is not JSON"],
    ["another shape", "strict_schema", { text: '{"city":"Paris"}' }, "(required)"],
    ["text instead of the tool", "forced_tool", { text: "About two million." }, "it is not JSON"],
    ["a cut answer", "json_mode", { text: '{"city":"Par', stopReason: "length" }, "cut at the limit"],
  ] as const)("refuses %s and says why", async (_name, known, turn, reason) => {
    await expect(ask(known, turn)).rejects.toMatchObject({
      code: "answer.wrong_shape",
      class: "permanent",
      message: expect.stringContaining(reason),
    });
  });

  test("tells faults beside the value when the request is not strict", async () => {
    const loose = { ...request, outputSchema: { ...request.outputSchema, strict: false } };
    const { answer } = await ask("strict_schema", { text: 'Sure: {"city":"Paris"}' }, loose);

    expect(answer.value).toEqual({ city: "Paris" });
    expect(answer.faults).toEqual([expect.stringContaining("required")]);
    await expect(ask("strict_schema", { text: "No idea." }, loose)).rejects.toMatchObject({
      code: "answer.wrong_shape",
    });
  });

  test("gives the same from another protocol", async () => {
    await using server = await startScriptedServer({ turns: [{ text: json }] });
    const model = createAnthropic({ baseUrl: server.url, model: "scripted" });

    expect((await completeObject(model, request, contextOf())).value).toEqual(paris);
  });

  test.each([
    ["goes in a circle", { $ref: "#" }],
    ["leads nowhere", { $ref: "#/$defs/nobody" }],
    ["has a broken pattern", { type: "string", pattern: "(" }],
  ])("says that a schema that %s cannot be used", async (_, broken) => {
    const asked = { ...request, outputSchema: { name: "x", schema: broken } };

    await expect(ask("strict_schema", { text: '"x"' }, asked)).rejects.toMatchObject({
      code: "answer.unusable_schema",
      class: "permanent",
    });
  });
});
