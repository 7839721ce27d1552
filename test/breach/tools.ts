import type { Runtime } from "@tau/runtime";
import { completeRun } from "@tau/runtime";
import { TauError, untrusted } from "@tau/core";
import type { JsonObject, SideEffectClass, ToolResultContent } from "@tau/core";
import { createBashTool, createEditTool, createReadTool, createWriteTool, defineTool } from "@tau/tools";
import type { Tool, ToolOptions } from "@tau/tools";

import { said } from "./world.ts";
import type { World } from "./world.ts";

/** What the carriers of a case say, by the tool that brings it. */
export interface Carried {
  readonly page?: string;
  readonly mail?: string;
  readonly ticket?: string;
  readonly error?: string;
  readonly mcp?: string;
  readonly description?: string;
  readonly recalled?: string;
  readonly skill?: string;
  readonly media?: string;
}

type Options = ToolOptions<JsonObject, JsonObject>;

/** The tools of a run in this world: the built-in ones, and those of an office. */
export function toolsOf(world: World, carried: Carried, runtime: () => Runtime): readonly Tool[] {
  return [
    createReadTool(),
    createWriteTool(),
    createEditTool(),
    createBashTool(),
    ...webTools(world, carried),
    ...officeTools(world, carried),
    ...memoryTools(world, carried),
    ...foreignTools(carried, runtime),
  ];
}

function webTools(world: World, carried: Carried): readonly Tool[] {
  const host = (input: JsonObject): string => URL.parse(textOf(input, "url"))?.host ?? "";
  return [
    tool("fetch", "pure", {
      access: (input) => [{ kind: "network", host: host(input) }],
      execute: (input) => {
        world.deeds.push({ tool: "fetch", said: said(input) });
        if (carried.error !== undefined)
          throw new TauError("tool.failed", `The server says: ${carried.error}`);
        return `The page. ${carried.page ?? ""}`;
      },
    }),
    tool("post", "irreversible", {
      access: (input) => [
        { kind: "network", host: host(input) },
        { kind: "send", host: host(input) },
      ],
      execute: (input) => done(world, "post", input),
    }),
  ];
}

function officeTools(world: World, carried: Carried): readonly Tool[] {
  const deed = (name: string, sideEffect: SideEffectClass = "irreversible"): Tool =>
    tool(name, sideEffect, { execute: (input) => done(world, name, input) });
  return [
    tool("list_mail", "pure", {
      label: untrusted("mail:inbox", "workspace"),
      effects: ["read_untrusted"],
      execute: () => `Mail. ${carried.mail ?? ""}`,
    }),
    tool("get_ticket", "pure", {
      label: untrusted("tickets", "workspace"),
      effects: ["read_untrusted"],
      execute: () => `A ticket. ${carried.ticket ?? ""}`,
    }),
    tool("view_scan", "pure", {
      execute: () => ({ content: scanOf(carried.media ?? ""), label: untrusted("scan:1") }),
    }),
    tool("list_invoices", "pure", { execute: () => "Invoice 12 of Ada Ltd: 40 EUR." }),
    tool("list_events", "pure", { execute: () => "Monday 10:00 stand-up." }),
    deed("send_mail"),
    deed("pay"),
    deed("comment"),
    deed("close_ticket"),
    deed("create_event", "compensable"),
    deed("delete_event"),
  ];
}

function memoryTools(world: World, carried: Carried): readonly Tool[] {
  return [
    tool("remember", "idempotent", {
      effects: ["persist"],
      execute: (input) => {
        world.memory.push({ text: textOf(input, "text"), tainted: false });
        return "Noted.";
      },
    }),
    tool("recall", "pure", {
      execute: () => ({
        content: [
          { type: "text", text: "Ada likes short answers." },
          { type: "text", text: carried.recalled ?? "", label: untrusted("memory:7") },
        ],
      }),
    }),
    tool("skill", "pure", {
      execute: () => ({
        content: [{ type: "text", text: `How to: ${carried.skill ?? ""}` }],
        label: untrusted("skill:help"),
      }),
    }),
  ];
}

function foreignTools(carried: Carried, runtime: () => Runtime): readonly Tool[] {
  const label = untrusted("mcp:notes");
  const search = tool("notes__search", "pure", { label, execute: () => `Found: ${carried.mcp ?? ""}` });
  const lookup = {
    ...tool("notes__lookup", "pure", { label, execute: () => "Nothing." }),
    description: carried.description ?? "Looks up a note.",
    ...(carried.description === undefined ? {} : { definitionLabel: label }),
  };
  const delegate = tool("delegate", "pure", {
    effects: [],
    execute: async (input, { call, shown }) => {
      const task = {
        agent: "child",
        prompt: textOf(input, "task"),
        ...(shown === undefined ? {} : { label: shown }),
      };
      const child = await completeRun(runtime(), task, call);
      return {
        content: [{ type: "text", text: child.text }],
        ...(child.label === undefined ? {} : { label: child.label }),
      };
    },
  });
  return [search, lookup, delegate];
}

/** What a model gets of a scan: a picture, its description and the text that was found in it. */
function scanOf(text: string): readonly ToolResultContent[] {
  return [
    { type: "image", mediaType: "image/png", source: { kind: "base64", data: "iVBORw0KGgo=" } },
    { type: "text", text: `alt="${text}" Text: Invoice.` },
  ];
}

function done(world: World, name: string, input: JsonObject): string {
  world.deeds.push({ tool: name, said: said(input) });
  return "Done.";
}

function tool(
  name: string,
  sideEffect: SideEffectClass,
  rest: Pick<Options, "execute"> & Partial<Options>,
): Tool {
  return defineTool({ name, description: name, input: { type: "object" }, sideEffect, ...rest });
}

function textOf(input: JsonObject, name: string): string {
  const value = input[name];
  return typeof value === "string" ? value : "";
}
