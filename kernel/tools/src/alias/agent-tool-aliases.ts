import type { Json, JsonObject } from "@tau/core";

import type { ToolAliases } from "./tool-alias.ts";

/** Renames keys and drops those whose new name is `undefined`; the others stay. */
function renamed(
  args: JsonObject,
  names: Readonly<Record<string, string | undefined>>,
): Record<string, Json> {
  const result: Record<string, Json> = {};
  for (const [key, value] of Object.entries(args)) {
    const name = Object.hasOwn(names, key) ? names[key] : key;
    if (name !== undefined && value !== undefined) result[name] = value;
  }
  return result;
}

const file = { file: "path", sudo: undefined } as const;

/**
 * The names by which agents of the Manus kind know their tools, as other names of Tau's own. Lines count from 0 there
 * and from 1 here. A process is named by the id that the answer of `shell_exec` gives, not by one of the model's choice.
 *
 * Elements of a page are named by reference and not by number, and a call that acts says at which host: calls without are
 * refused with what to say. What Tau has no tool for stays unknown: `deploy_…` needs tools of the place that is deployed to.
 */
export const agentToolAliases: ToolAliases = {
  message_notify_user: {
    tools: ["notify"],
    toArguments: (args) => renamed(args, { attachments: undefined }),
  },
  message_ask_user: {
    tools: ["ask_user"],
    toArguments: (args) =>
      renamed(args, { text: "question", attachments: undefined, suggest_user_takeover: undefined }),
  },
  file_read: { tools: ["read"], toArguments: readArguments },
  file_write: { tools: ["write"], toArguments: writeArguments },
  file_str_replace: { tools: ["edit", "str_replace_based_edit_tool"], toArguments: replaceArguments },
  file_find_in_content: {
    tools: ["grep"],
    toArguments: (args) => renamed(args, { ...file, regex: "pattern" }),
  },
  file_find_by_name: { tools: ["glob"], toArguments: (args) => renamed(args, { glob: "pattern" }) },
  shell_exec: {
    tools: ["bash"],
    toArguments: (args) => renamed(args, { exec_dir: "cwd", id: undefined }),
  },
  shell_view: { tools: ["job_output"] },
  shell_wait: { tools: ["job_wait"], toArguments: waitArguments },
  shell_write_to_process: { tools: ["job_write"], toArguments: inputArguments },
  shell_kill_process: { tools: ["job_kill"] },
  browser_view: { tools: ["browser_snapshot"] },
  browser_restart: { tools: ["browser_navigate"] },
  browser_input: {
    tools: ["browser_type"],
    toArguments: (args) => renamed(args, { press_enter: "submit" }),
  },
  browser_move_mouse: { tools: ["browser_hover"] },
  browser_press_key: { tools: ["browser_press"] },
  browser_select_option: { tools: ["browser_select"] },
  browser_scroll_up: { tools: ["browser_scroll"], toArguments: (args) => scrollArguments(args, "up") },
  browser_scroll_down: { tools: ["browser_scroll"], toArguments: (args) => scrollArguments(args, "down") },
  browser_console_exec: {
    tools: ["browser_evaluate"],
    toArguments: (args) => renamed(args, { javascript: "expression" }),
  },
  browser_console_view: {
    tools: ["browser_console"],
    toArguments: (args) => renamed(args, { max_lines: "lines" }),
  },
  info_search_web: {
    tools: ["web_search"],
    toArguments: (args) => renamed(args, { date_range: undefined }),
  },
};

function readArguments(args: JsonObject): JsonObject {
  const { start_line: start, end_line: end, ...rest } = renamed(args, file);
  const first = typeof start === "number" ? start : 0;
  return {
    ...rest,
    ...(typeof start === "number" ? { offset: start + 1 } : {}),
    ...(typeof end === "number" ? { limit: Math.max(1, end - first) } : {}),
  };
}

function writeArguments(args: JsonObject): JsonObject {
  const { leading_newline: before, trailing_newline: after, ...rest } = renamed(args, file);
  const { content } = rest;
  if (typeof content !== "string") return rest;
  return {
    ...rest,
    content: `${before === true ? "\n" : ""}${content}${after === true ? "\n" : ""}`,
  };
}

function replaceArguments(args: JsonObject, tool: string): JsonObject {
  if (tool !== "edit") return { command: "str_replace", ...renamed(args, file) };
  const { old_str: old, new_str: added, ...rest } = renamed(args, file);
  if (typeof old !== "string" || typeof added !== "string") return renamed(args, file);
  return { ...rest, edits: [{ old, new: added }] };
}

function waitArguments(args: JsonObject): JsonObject {
  const { seconds, ...rest } = args;
  return typeof seconds === "number" ? { ...rest, timeoutMs: seconds * 1000 } : args;
}

function inputArguments(args: JsonObject): JsonObject {
  const { press_enter: enter, input, ...rest } = args;
  if (typeof input !== "string") return args;
  return { ...rest, input: enter === true ? `${input}\n` : input };
}

const mostWindows = 50;

function scrollArguments(args: JsonObject, direction: "up" | "down"): JsonObject {
  const { to_top: top, to_bottom: bottom, ...rest } = args;
  return { ...rest, direction, ...(top === true || bottom === true ? { pages: mostWindows } : {}) };
}
