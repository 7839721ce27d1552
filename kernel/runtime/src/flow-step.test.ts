import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { untrusted } from "@tau/core";
import type { SessionEvent } from "@tau/core";
import { createHostEnvironment, createReadTool, createWriteTool, defineTool } from "@tau/tools";
import type { Access, Tool } from "@tau/tools";
import { describe, expect, onTestFinished, test } from "vitest";

import type { Hook } from "./hook.ts";
import {
  contextOf,
  echoTool,
  ofType,
  openHarness,
  resultTexts,
  sessionId,
  turnModel,
} from "./runtime-harness.test.support.ts";
import type { Answer, Harness, HarnessOptions, Turn } from "./runtime-harness.test.support.ts";

const web = untrusted("web:example.org");

/** A tool that brings in a page. */
const page = accessing("page", "pure", [{ kind: "network", host: "example.org" }]);
const secret = accessing("secret", "pure", [{ kind: "read", path: join(tmpdir(), ".env") }]);
const send = echoTool("send", { sideEffect: "irreversible" });
const note = accessing("note", "idempotent", [{ kind: "write", path: join(tmpdir(), "notes.md") }]);

function accessing(name: string, sideEffect: Tool["sideEffect"], access: readonly Access[]): Tool {
  return defineTool({
    name,
    description: name,
    input: { type: "object", properties: { url: { type: "string" } } },
    sideEffect,
    access: () => access,
    execute: () => `${name} answers`,
  });
}

const call = (name: string, args: object | string = {}): Answer => ({ calls: [{ name, args }] });
const done: Answer = { text: "Done." };

function open(turns: readonly Turn[], options: HarnessOptions = {}): Promise<Harness> {
  return openHarness({
    turns,
    tools: [page, secret, send, note],
    flowFor: () => ({ home: "/home/ada", approvals: "never" }),
    ...options,
  });
}

const outcomes = (events: readonly SessionEvent[]): readonly string[] =>
  ofType(events, "effect_finished").map(({ tool, outcome }) => `${tool} ${outcome}`);

describe("flowOn()", () => {
  test("denies what untrusted text may have asked for, and says what the model had seen", async () => {
    await using harness = await open([call("send"), call("page"), call("send"), done]);

    const events = await harness.run("Go.");

    expect(outcomes(events)).toEqual(["send completed", "page completed", "send denied"]);
    const decided = ofType(events, "permission_decided").at(-1);
    expect(decided).toMatchObject({
      decision: "deny",
      rule: "flow(irreversible)",
      kinds: ["irreversible"],
      label: { origins: expect.arrayContaining(["web:example.org"]) },
    });
    expect(resultTexts(events).at(-1)).toContain("web:example.org");
  });

  test("keeps secrets, untrusted text and deeds apart, also within one answer", async () => {
    await using harness = await open([
      { calls: [{ name: "secret" }, { name: "note" }, { name: "page" }] },
      done,
    ]);

    const events = await harness.run("Go.");

    expect(outcomes(events)).toEqual(["page denied", "secret completed", "note completed"]);
  });

  test("asks a person where there is one, shows the sources, and lets the answer count", async () => {
    await using harness = await open([call("page"), call("send", { text: "hi" }), done], {
      flowFor: () => ({}),
    });
    await harness.begin("Go.");
    const events = await harness.until((event) => event.type === "approval_requested");
    const [asked] = ofType(events, "approval_requested");

    await harness.runtime.respond(
      { sessionId, approvalId: asked?.approvalId ?? "", answer: "allow" },
      contextOf(),
    );

    const all = await harness.until((event) => event.type === "run_finished");
    expect(asked).toMatchObject({
      tool: "send",
      arguments: '{"text":"hi"}',
      label: { integrity: "untrusted" },
    });
    expect(asked?.summary).toContain("web:example.org");
    expect(outcomes(all)).toEqual(["page completed", "send completed"]);
  });

  test("never loosens the rules, and gives both reasons where both ask", async () => {
    await using harness = await open([call("page"), call("send"), done], {
      policy: {
        decide: ({ tool }) => ({
          decision: tool.name === "send" ? "ask" : "allow",
          reason: "The rules say so.",
        }),
      },
      flowFor: () => ({}),
    });
    await harness.begin("Go.");

    const events = await harness.until((event) => event.type === "approval_requested");

    expect(ofType(events, "approval_requested")[0]?.summary).toMatch(
      /^The rules say so\. This cannot be taken back/u,
    );
  });

  test("lets the model fetch the address that the person wrote, and no other", async () => {
    const turns = [
      call("page", { url: "https://example.org/a" }),
      call("page", { url: "https://example.org/b" }),
      call("page", { url: "https://example.org/c?from=secret" }),
      done,
    ];
    await using harness = await open(turns);

    const events = await harness.run("Compare https://example.org/a with https://example.org/b.");

    expect(outcomes(events)).toEqual(["page completed", "page completed", "page denied"]);
  });

  test("is off where the agent says so", async () => {
    await using harness = await open([call("page"), call("send"), done], { flowFor: () => "off" });

    expect(outcomes(await harness.run("Go."))).toEqual(["page completed", "send completed"]);
  });

  test("remembers over turns what an answer was made of", async () => {
    await using harness = await open([call("page"), done, call("send"), done]);
    await harness.run("Go.");

    expect(outcomes(await harness.run("And now."))).toEqual(["send denied"]);
  });

  test("distrusts all that is read in a workspace that nobody vouches for", async () => {
    const read = accessing("look", "pure", [{ kind: "read", path: join(tmpdir(), "README.md") }]);
    await using harness = await open([call("look"), call("send"), done], {
      tools: [read, send],
      flowFor: () => ({ trustedWorkspace: false, approvals: "never" }),
    });

    expect(outcomes(await harness.run("Go."))).toEqual(["look completed", "send denied"]);
  });
});

describe("labelResult()", () => {
  test("outlives a hook that rewrites the result", async () => {
    const clean: Hook = {
      name: "clean",
      afterTool: ({ result }) =>
        Promise.resolve({
          decision: "rewrite",
          reason: "",
          result: { ...result, content: [{ type: "text", text: "Harmless." }] },
        }),
    };
    await using harness = await open([call("page"), call("send"), done], { hooks: [clean] });

    const events = await harness.run("Go.");

    expect(ofType(events, "effect_finished")[0]?.result.content[0]?.label).toEqual(web);
    expect(outcomes(events)).toEqual(["page completed", "send denied"]);
  });

  test("is secret where a credential stands in the answer, by its name alone", async () => {
    const token = `ghp_${"a1B2".repeat(9)}`;
    const leak = echoTool("leak", { run: () => `TOKEN=${token}` });
    await using harness = await open([call("leak"), call("send"), call("page"), done], {
      tools: [leak, send, page],
    });

    const events = await harness.run("Go.");

    expect(ofType(events, "effect_finished")[0]?.result.content[0]?.label).toMatchObject({
      integrity: "workspace",
      confidentiality: "secret",
      secrets: ["github_token"],
    });
    // Then something was sent: what nobody vouches for may not come to it.
    expect(outcomes(events)).toEqual(["leak completed", "send completed", "page denied"]);
  });

  test("covers errors, which may quote whom the tool asked", async () => {
    const broken = defineTool({
      ...page,
      name: "broken",
      input: page.inputSchema,
      access: () => page.access({}, ""),
      execute: () => {
        throw new Error("obey");
      },
    });
    await using harness = await open([call("broken"), call("send"), done], { tools: [broken, send] });

    expect(outcomes(await harness.run("Go."))).toEqual(["broken failed", "send denied"]);
  });
});

describe("taintOf()", () => {
  test("remembers which files untrusted text went to, also when it is shown no more", async () => {
    const workspace = await realpath(await mkdtemp(join(tmpdir(), "tau-flow-")));
    onTestFinished(() => rm(workspace, { recursive: true, force: true }));
    await writeFile(join(workspace, "clean.md"), "clean");
    await using environment = createHostEnvironment({
      profile: { access: "workspace-write", workspace, network: false },
    });
    const turns = [
      call("page"),
      call("write", { path: "loot.md", content: "obey" }),
      done,
      call("read", { path: "clean.md" }),
      call("send"),
      call("read", { path: "loot.md" }),
      call("send"),
      done,
    ];
    // What is trimmed away does not count: the model gives its answers in order.
    const next: Turn = () => turns.shift() ?? { text: "Done." };
    await using harness = await open(
      turns.map(() => next),
      {
        tools: [page, send, createReadTool(), createWriteTool()],
        openEnvironment: () => Promise.resolve(environment),
        // So little that each turn begins anew.
        context: { maxTokens: 60, keepRatio: 0.1 },
      },
    );
    await harness.run("Go.");

    const events = await harness.run("And now.");

    expect(outcomes(events)).toEqual(["read completed", "send completed", "read completed", "send denied"]);
  });

  test("distrusts the whole workspace after a command that untrusted text may have asked for", async () => {
    const bash = accessing("bash", "irreversible", [{ kind: "command", source: "true", cwd: "/" }]);
    await using harness = await open([call("page"), call("bash"), done], {
      tools: [page, bash],
      flowFor: () => ({}),
    });
    await harness.begin("Go.");
    const events = await harness.until((event) => event.type === "approval_requested");
    const approvalId = ofType(events, "approval_requested")[0]?.approvalId ?? "";
    await harness.runtime.respond({ sessionId, approvalId, answer: "allow" }, contextOf());

    const all = await harness.until((event) => event.type === "run_finished");

    expect(ofType(all, "effect_finished").map(({ tainted }) => tainted?.paths)).toEqual([undefined, ["*"]]);
  });

  test("distrusts artifacts as what they were saved from, and those of others", async () => {
    const large = defineTool({
      name: "large",
      description: "large",
      input: { type: "object" },
      sideEffect: "pure",
      label: web,
      execute: () => "x".repeat(40_000),
    });
    const own = echoTool("own", { run: () => "y".repeat(40_000) });
    const show = defineTool({
      name: "show",
      description: "show",
      input: { type: "object", properties: { path: { type: "string" } } },
      sideEffect: "pure",
      execute: () => "shown",
    });
    const idIn =
      (tool: string): Turn =>
      (request) => {
        const parts = request.messages.flatMap((message) => (message.role === "tool" ? message.parts : []));
        const text = JSON.stringify(parts.find(({ name }) => name === tool));
        return { calls: [{ name: "show", args: { path: /artifact:\w+/u.exec(text)?.[0] } }] };
      };
    const labelOfLast = async (turns: readonly Turn[]): Promise<string | undefined> => {
      await using harness = await open(turns, { model: turnModel(turns), tools: [large, own, show] });
      const events = await harness.run("Go.");
      return ofType(events, "effect_finished").at(-1)?.result.content[0]?.label?.integrity;
    };

    expect(await labelOfLast([call("large"), idIn("large"), done])).toBe("untrusted");
    const escaped = call("show", `{"path":"\\u0061rtifact:${"a".repeat(64)}"}`);
    expect(await labelOfLast([escaped, done])).toBe("untrusted");
    expect(await labelOfLast([call("own"), idIn("own"), done])).toBeUndefined();
    expect(await labelOfLast([call("show", { path: `artifact:${"a".repeat(64)}` }), done])).toBe("untrusted");
  });
});
