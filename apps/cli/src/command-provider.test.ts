import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createPlace } from "./cli.test.support.ts";
import type { Place } from "./cli.test.support.ts";

/** What `claude` prints for an answer. */
function answerOf(...blocks: readonly object[]): readonly object[] {
  const usage = { input_tokens: 3, output_tokens: 2 };
  const message = { id: "m", type: "message", role: "assistant", model: "claude-real", content: [], usage };
  const reason = blocks.some((block) => "id" in block) ? "tool_use" : "end_turn";
  const events = [
    { type: "message_start", message },
    ...blocks.flatMap((block, index) => [
      { type: "content_block_start", index, content_block: block },
      { type: "content_block_stop", index },
    ]),
    { type: "message_delta", delta: { stop_reason: reason }, usage: { output_tokens: 2 } },
    { type: "message_stop" },
  ];
  return events.map((event) => ({ type: "stream_event", event }));
}

/** Puts a `claude` on the PATH that gives one answer a call, and answers the PATH. */
async function install(place: Place, answers: readonly (readonly object[])[]): Promise<string> {
  const folder = join(place.base, "bin");
  await mkdir(folder);
  for (const [index, lines] of answers.entries()) {
    await writeFile(
      join(folder, `answer-${index}`),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
    );
  }
  const program = join(folder, "claude");
  await writeFile(
    program,
    `#!/bin/sh
n=$(ls "${folder}" | grep -c '^prompt-')
cat > "${folder}/prompt-$n"
cat "${folder}/answer-$n"
`,
  );
  await chmod(program, 0o755);
  return `${folder}:${place.env["PATH"] ?? ""}`;
}

test("tau run works with the claude command: it calls tools, which the rules decide and Tau runs", async () => {
  await using place = await createPlace();
  await place.write("note.txt", "The bug is in line 7.");
  const call = { type: "tool_use", id: "t1", name: "mcp__tau__read", input: { path: "note.txt" } };
  const PATH = await install(place, [answerOf(call), answerOf({ type: "text", text: "Line 7." })]);

  const args = ["run", "--provider", "claude-cli", "--environment", "host", "--quiet", "Where is the bug?"];
  const { code, stdout, stderr } = await place.tau(args, { env: { PATH } });

  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe("Line 7.\n");
});

test("tau run says why it does not work with the gemini command", async () => {
  await using place = await createPlace();
  const { code, stderr } = await place.tau(["run", "--provider", "gemini-cli", "hi"]);

  expect(stderr).toContain("gemini-cli/default: cannot call tools [model.no_compatible_candidate]");
  expect(code).toBe(2);
});

test("tau run says how to install a command that is missing", async () => {
  await using place = await createPlace();
  const args = ["run", "--provider", "claude-cli", "--environment", "host", "hi"];
  const { code, stdout } = await place.tau(args, { env: { PATH: "/nowhere" } });

  expect(stdout).toContain("npm install --global @anthropic-ai/claude-code");
  expect(code).not.toBe(0);
});
