import { choiceOption, flagOption, textOption } from "../command.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { forget, revert } from "../memory/change-memory.ts";
import { memoryScopes } from "../memory/memory-scopes.ts";
import { openMemory } from "../memory/open-memory.ts";
import { decideProposal, listProposals } from "../memory/review-inbox.ts";
import { blame, diff, history, list, search, show } from "../memory/show-memory.ts";
import type { MemoryRequest } from "../memory/memory-request.ts";
import { folderOf } from "../read-settings.ts";
import { tauHome } from "../tau-home.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usage-error.ts";
import { wrongVerb } from "../verb-hint.ts";

/** `tau memory`: what agents remember here, and what waits to be remembered. */
export const memoryCommand: Command = {
  usage: "memory list | show ID | search WORDS | history ID | diff ID | revert ID N | forget ID | inbox",
  description: `Shows what agents remember in this project: notes, by their ids, and files, by names below /memories.
What a session that was shown untrusted text wanted to keep waits in the inbox until you let it in:
inbox, inbox approve ID, inbox reject ID. Every version is kept: diff ID [N [M]], blame ID, revert ID N.
To forget a note says that it was never true. The memory is used where tau.toml says [memory] enabled = true.`,
  options: {
    cwd: { type: "string", short: "C", value: "FOLDER", help: "The project. Default: this folder." },
    scope: {
      type: "string",
      value: "WHOSE",
      help: "project or user: your own, for all projects. Default: project.",
    },
    all: { type: "boolean", short: "a", help: "With list: also what was replaced, retracted or is over." },
    "as-of": {
      type: "string",
      value: "TIME",
      help: "With list: what held at that time, by what was known then.",
    },
    reason: { type: "string", value: "TEXT", help: "With forget: why it was never true." },
    source: {
      type: "string",
      value: "ORIGIN",
      help: "With forget, instead of an ID: all that stands on this origin,\nsuch as web:example.org.",
    },
    erase: { type: "boolean", help: "With forget: remove the file and all its versions for good." },
    yes: { type: "boolean", short: "y", help: "Do not ask: you have read it." },
    json: { type: "boolean", help: "Print JSON, one note, file, hit, version or proposal a line." },
  },
  examples: [
    "tau memory list",
    'tau memory search "deploy friday"',
    "tau memory inbox",
    "tau memory inbox approve ID",
    "tau memory diff build-command-1a2b3c4d",
    "tau memory forget --source web:example.org --reason 'It was a fake.'",
  ],

  async run(args, terminal) {
    const request = await requestOf(args, terminal);
    const [verb = "list", first, second, third] = args.positionals;
    if (verb === "list" && first === undefined) return await list(request);
    if (verb === "search" && first !== undefined)
      return await search(request, args.positionals.slice(1).join(" "));
    if (verb === "inbox" && first === undefined) return await listProposals(request);
    if (verb === "inbox" && second !== undefined && third === undefined && isDecision(first))
      return await decideProposal(request, first, second);
    if (verb === "forget" && second === undefined) return await forget(request, first);
    if (first === undefined) throw wrong(verb);
    if (verb === "show" && second === undefined) return await show(request, first);
    if (verb === "history" && second === undefined) return await history(request, first);
    if (verb === "blame" && second === undefined) return await blame(request, first);
    if (verb === "diff") return await diff(request, first, [second, third].flatMap(numberOf));
    if (verb === "revert" && second !== undefined && third === undefined)
      return await revert(request, first, numberOf(second)[0] ?? 0);
    throw wrong(verb);
  },
};

async function requestOf(args: ParsedArgs, terminal: Terminal): Promise<MemoryRequest> {
  const scope = choiceOption(args, "scope", memoryScopes) ?? "project";
  const memory = await openMemory({ home: tauHome(terminal), cwd: await folderOf(args, terminal), scope });
  const [asOf, reason, source] = (["as-of", "reason", "source"] as const).map((name) =>
    textOption(args, name),
  );
  return {
    memory,
    terminal,
    json: flagOption(args, "json"),
    all: flagOption(args, "all"),
    yes: flagOption(args, "yes"),
    erase: flagOption(args, "erase"),
    asOf: asOf === undefined ? undefined : timeOf(asOf),
    reason,
    source,
    signal: new AbortController().signal,
  };
}

function timeOf(text: string): number {
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return at;
  throw usageError(
    `--as-of must be a time, such as 2026-01-31 or 2026-01-31T12:00:00Z, not ${JSON.stringify(text)}.`,
  );
}

function isDecision(word: string | undefined): word is "approve" | "reject" {
  return word === "approve" || word === "reject";
}

function numberOf(word: string | undefined): readonly number[] {
  if (word === undefined) return [];
  const number = Number(word);
  if (Number.isSafeInteger(number) && number >= 1) return [number];
  throw usageError(`A version is a number, as "tau memory history" shows them, not ${JSON.stringify(word)}.`);
}

const verbs = ["list", "show", "search", "history", "diff", "blame", "revert", "forget", "inbox"];

function wrong(verb: string): Error {
  return wrongVerb(
    verb,
    verbs,
    "Say `tau memory list`, `show ID`, `search WORDS`, `history ID`, `diff ID`, `blame ID`, `revert ID N`, `forget ID`, or `inbox`.",
  );
}
