import { untrusted, TauError } from "@tau/core";
import type { HeldValue, JsonObject } from "@tau/core";

import { openFile, placeOf } from "../builtin/open-file.ts";
import { workspacePath } from "../builtin/workspace-path.ts";
import { defineTool } from "../define-tool.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool, ToolContext } from "../tool.ts";
import type { Reader } from "./reader.ts";

interface ReadUntrustedInput {
  readonly source: string;
  readonly question: string;
  readonly schema: JsonObject;
}

/** Makes the tool by which a model finds things out about untrusted text without being shown it. */
export function createReadUntrustedTool(reader: Reader): Tool {
  return defineTool<ReadUntrustedInput>({
    name: "read_untrusted",
    description: `Finds something out about text that nobody vouches for, without showing it to you: a second model, which has no tools, reads it. Numbers, booleans, enum values and strings with a format (date, date-time, identifier, version) come back as they are; any other string comes back as a handle such as "$v1". Pass a handle as an argument of another tool, alone or as {{$v1}} inside a longer text; you never see its text.`,
    input: {
      type: "object",
      properties: {
        source: { type: "string", minLength: 1, description: "A handle, artifact:…, or the path of a file." },
        question: { type: "string", minLength: 1, maxLength: 2000 },
        schema: {
          type: "object",
          description:
            'A JSON Schema of the answer: {"type":"object","properties":{…}}, in few and simple types.',
        },
      },
      required: ["source", "question", "schema"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    endorses: true,
    effects: [],
    access: ({ source }, workspace) =>
      isHandle(source) || isArtifact(source)
        ? []
        : [{ kind: "read", path: workspacePath(workspace, source) }],
    execute: async ({ source, question, schema }, context) => {
      const { value, label } = await load(source, context);
      const { hold } = context;
      if (hold === undefined) {
        throw new TauError(
          "reader.no_handles",
          "Texts cannot be held here: read_untrusted works in a run only.",
        );
      }
      const answer = await reader.read({ text: value, label, question, schema, hold }, context.call);
      return textOutput(JSON.stringify(answer));
    },
  });
}

function isHandle(source: string): boolean {
  return /^\$v\d{1,6}$/u.test(source);
}

function isArtifact(source: string): boolean {
  return source.startsWith("artifact:");
}

async function load(source: string, context: ToolContext): Promise<HeldValue> {
  if (isHandle(source)) {
    const held = context.held?.(source);
    if (held !== undefined) return held;
    throw new TauError(
      "reader.unknown_handle",
      `There is no ${source}: use a handle exactly as a result named it.`,
    );
  }
  const data = isArtifact(source)
    ? await context.artifacts.read(source)
    : (await openFile(await placeOf(source, context), context)).data;
  const origin = isArtifact(source) ? source : `file:${source}`;
  return { value: new TextDecoder().decode(data), label: untrusted(origin, "workspace") };
}
