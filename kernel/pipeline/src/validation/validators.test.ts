import type { ModelRequest } from "@tau/agent";
import { textOf } from "@tau/core";
import type { AssistantPart, ModelFinished } from "@tau/core";
import { describe, expect, test } from "vitest";

import { finishedWith, question } from "../pipeline.test.support.ts";
import { jsonShape } from "./json-shape.ts";
import type { OutputValidator, Verdict } from "./output-validator.ts";
import { ruleIdWhitelist } from "./rule-id-whitelist.ts";
import { maxLength, notEmpty, regexBanned } from "./text-validators.ts";

const schema = {
  type: "object",
  properties: { city: { type: "string" }, degrees: { type: "number" } },
  required: ["city", "degrees"],
};

const asking = (strict?: boolean): ModelRequest => ({
  ...question,
  outputSchema: { name: "weather", schema, ...(strict === undefined ? {} : { strict }) },
});

async function judge(validator: OutputValidator, text: string, request = question): Promise<Verdict> {
  return await validator.validate(request, finishedWith(text));
}

/** The kind of a verdict, and the text that a filter leaves. */
async function textAfter(validator: OutputValidator, text: string): Promise<string | undefined> {
  const verdict = await judge(validator, text);
  return verdict.kind === "filter" ? textOf(verdict.answer.message) : verdict.kind;
}

function saying(...parts: readonly AssistantPart[]): ModelFinished {
  return { ...finishedWith(""), message: { role: "assistant", parts } };
}

describe("jsonShape()", () => {
  test("passes what fits, and everything where no shape is asked for", async () => {
    expect(await judge(jsonShape(), '{"city":"Oslo","degrees":3}', asking())).toEqual({ kind: "pass" });
    expect(await judge(jsonShape(), "words")).toEqual({ kind: "pass" });
  });

  test("strict, rejects what is not JSON or does not fit, and says where", async () => {
    expect(await judge(jsonShape(), "Here: {}", asking())).toEqual({
      kind: "reject",
      reason: "the answer is not JSON",
    });
    expect(await judge(jsonShape(), '{"city":1,"degrees":"cold"}', asking())).toMatchObject({
      kind: "reject",
      reason: expect.stringContaining("#/city (type)"),
    });
  });

  test("gives up on a pattern that would backtrack for years", async () => {
    const slow = { type: "string", pattern: "^(a+)+$" };

    await expect(judge(jsonShape({ schema: slow }), `"${"a".repeat(60)}b"`)).rejects.toMatchObject({
      code: "answer.unusable_schema",
    });
  });

  test.each([
    ["the whole text", '{"city":"Oslo","degrees":3}', { parsed: true, faults: 0, missing: "" }],
    ["a fence", 'Sure!\n```json\n{"city":"Oslo"}\n```', { parsed: true, missing: "degrees" }],
    ["words around it", 'It is {"degrees":3} today', { parsed: true, missing: "city" }],
    ["nothing at all", "I cannot know.", { parsed: false }],
  ])("loose, reads %s and notes what is missing", async (_name, text, metrics) => {
    expect(await judge(jsonShape(), text, asking(false))).toEqual({
      kind: "annotate",
      metrics: expect.objectContaining(metrics),
    });
  });

  test("takes its own schema and mode before the request's", async () => {
    const loose = jsonShape({ schema: { type: "object", required: ["x"] }, mode: "loose" });

    expect(await judge(loose, "{}", asking(true))).toMatchObject({ metrics: { missing: "x" } });
  });

  test("leaves answers alone that call tools", async () => {
    const answer = { ...saying({ type: "tool_call", id: "1", name: "look", arguments: "{}" }) };

    expect(await jsonShape().validate(asking(), { ...answer, stopReason: "tool_calls" })).toEqual({
      kind: "pass",
    });
  });
});

describe("notEmpty()", () => {
  test.each([
    ["blank text", saying({ type: "text", text: " \n" }), "reject"],
    ["thinking only", saying({ type: "thinking", text: "hm" }), "reject"],
    ["nothing", saying(), "reject"],
    ["text", saying({ type: "text", text: "a" }), "pass"],
    ["a tool call", saying({ type: "tool_call", id: "1", name: "look", arguments: "{}" }), "pass"],
  ])("judges %s", async (_name, answer, kind) => {
    expect(await notEmpty().validate(question, answer)).toMatchObject({ kind });
  });
});

describe("maxLength()", () => {
  test("rejects, cuts or notes what is longer", async () => {
    expect(await textAfter(maxLength({ characters: 5 }), "12345")).toBe("pass");
    expect(await textAfter(maxLength({ characters: 5 }), "123456")).toBe("reject");
    expect(await textAfter(maxLength({ characters: 5, longer: "cut" }), "123456")).toBe("12345");
    expect(await textAfter(maxLength({ characters: 2, longer: "cut" }), "a😀")).toBe("a");
    expect(await judge(maxLength({ characters: 5, longer: "annotate" }), "123456")).toEqual({
      kind: "annotate",
      metrics: { characters: 6 },
    });
  });
});

describe("regexBanned()", () => {
  const patterns = [/damn/i, /hell\b/g];

  test("rejects, removes or notes what is banned, again and again", async () => {
    const validator = regexBanned({ patterns, found: "remove" });

    expect(await textAfter(regexBanned({ patterns }), "hello")).toBe("pass");
    expect(await textAfter(regexBanned({ patterns }), "Damn it")).toBe("reject");
    expect(await textAfter(validator, "damn, what the hell, DAMN")).toBe(", what the , ");
    expect(await textAfter(validator, "damn, what the hell, DAMN")).toBe(", what the , ");
    expect(await judge(regexBanned({ patterns, found: "annotate" }), "what the hell")).toEqual({
      kind: "annotate",
      metrics: { banned: 1 },
    });
  });
});

describe("ruleIdWhitelist()", () => {
  const text = JSON.stringify({
    findings: [
      { rule_id: "known", note: "a" },
      { rule_id: "made up", deep: [{ rule_id: "also" }] },
    ],
  });

  test("gives findings of rules that do not exist the id for those", async () => {
    expect(await textAfter(ruleIdWhitelist({ allowed: ["known"] }), text)).toBe(
      text.replace("made up", "ad_hoc").replace("also", "ad_hoc"),
    );
  });

  test("rejects or notes them when told to", async () => {
    expect(await judge(ruleIdWhitelist({ allowed: ["known"], unknown: "reject" }), text)).toEqual({
      kind: "reject",
      reason: 'there is no rule "made up", "also"',
    });
    expect(await judge(ruleIdWhitelist({ allowed: ["known"], unknown: "annotate" }), text)).toEqual({
      kind: "annotate",
      metrics: { unknownRules: 2 },
    });
  });

  test("passes what names only known rules, under whatever field, and what is not JSON", async () => {
    const validator = ruleIdWhitelist({ allowed: ["known"], field: "rule" });

    expect(await textAfter(validator, '{"rule":"known","rule_id":"made up"}')).toBe("pass");
    expect(await textAfter(validator, '{"rule":"ad_hoc"}')).toBe("pass");
    expect(await textAfter(validator, "made up")).toBe("pass");
  });
});
