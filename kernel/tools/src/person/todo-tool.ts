import { TauError } from "@tau/core";

import { defineTool } from "../define-tool.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool } from "../tool.ts";

/** One thing to do. */
export interface TodoItem {
  readonly text: string;
  readonly status: "pending" | "in_progress" | "completed" | "cancelled";
}

const marks: Readonly<Record<TodoItem["status"], string>> = {
  pending: "[ ]",
  in_progress: "[>]",
  completed: "[x]",
  cancelled: "[-]",
};

/**
 * Makes the tool that keeps the list of what is to be done. The list is in the details of its result, and so in the
 * session's events: screens and later processes read it there.
 */
export function createTodoTool(): Tool {
  return defineTool<{ readonly items: readonly TodoItem[] }>({
    name: "todo",
    description:
      "Keeps your list of what is to be done, which the user sees. Send the whole list each time. At most one item is in_progress; set it to completed as soon as it is done. Use it for work of several steps.",
    input: {
      type: "object",
      properties: {
        items: {
          type: "array",
          maxItems: 100,
          items: {
            type: "object",
            properties: {
              text: { type: "string", minLength: 1, maxLength: 300 },
              status: { type: "string", enum: ["pending", "in_progress", "completed", "cancelled"] },
            },
            required: ["text", "status"],
            additionalProperties: false,
          },
        },
      },
      required: ["items"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    effects: [],
    execute: ({ items }) => {
      const active = items.filter(({ status }) => status === "in_progress");
      if (active.length > 1) {
        throw new TauError(
          "tool.invalid_arguments",
          `items: ${active.length} are in_progress, but you do one thing at a time. Leave one, and set the others to pending.`,
        );
      }
      const lines = items.map(({ text, status }) => `${marks[status]} ${text}`);
      const done = items.filter(({ status }) => status === "completed").length;
      return textOutput([`${done} of ${items.length} done.`, ...lines].join("\n"), {
        details: { todos: items.map(({ text, status }) => ({ text, status })) },
      });
    },
  });
}
