import { unreachable } from "@tau/core";

import type { EffectRequest } from "../permission.ts";
import type { CallEffect } from "./call-effect.ts";

const maxLength = 120;

/** Says an effect in words, short enough for a line. */
export function describeEffect(effect: CallEffect, request: EffectRequest): string {
  switch (effect.kind) {
    case "read":
      return `reading ${shorten(effect.path)}`;
    case "write":
      return `writing ${shorten(effect.path)}`;
    case "command":
      return `running ${shorten(
        effect.command.argv
          .slice(0, maxLength)
          .map(({ text }) => text.slice(0, maxLength))
          .join(" "),
      )}`;
    case "network":
      return `connecting to ${shorten(effect.host)}`;
    case "send":
      return `sending to ${shorten(effect.host)}`;
    case "doubt":
      return `running what cannot be read: ${shorten(effect.doubt.reason)}`;
    case "other":
      return `the tool ${request.tool.name}`;
    default:
      return unreachable(effect);
  }
}

function shorten(text: string): string {
  const line = text.slice(0, 2 * maxLength).replaceAll(/\s+/g, " ");
  return line.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line;
}
