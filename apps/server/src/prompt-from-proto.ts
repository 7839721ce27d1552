import type { UserMessage } from "@tau/core";
import type { MediaPart, Part, RunRequest } from "@tau/proto";

import { labelFromProto } from "./label-from-proto.ts";

type PromptPart = UserMessage["parts"][number];

/** Reads the user message of a run request that passed its rules. */
export function promptFromProto({ prompt, parts }: Pick<RunRequest, "prompt" | "parts">): UserMessage {
  const text: readonly PromptPart[] = prompt === "" ? [] : [{ type: "text", text: prompt }];
  return { role: "user", parts: [...text, ...parts.flatMap(partFromProto)] };
}

function partFromProto({ part: { case: kind, value } }: Part): readonly PromptPart[] {
  switch (kind) {
    case "text":
      return [{ type: "text", text: value.text, ...labelFromProto(value.label) }];
    case "image":
    case "audio":
      return [
        {
          type: kind,
          mediaType: value.mediaType,
          source: sourceOf(value),
          ...labelFromProto(value.label),
        },
      ];
    case "file":
      return [
        {
          type: "file",
          mediaType: value.mediaType,
          ...(value.name === undefined ? {} : { name: value.name }),
          source: sourceOf(value),
          ...labelFromProto(value.label),
        },
      ];
    default:
      return []; // Thinking, tool calls and nothing at all were refused by the rules.
  }
}

function sourceOf({ source }: MediaPart): Extract<PromptPart, { type: "image" }>["source"] {
  return source.case === "url"
    ? { kind: "url", url: source.value }
    : { kind: "base64", data: Buffer.from(source.value ?? []).toString("base64") };
}
