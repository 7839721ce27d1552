import { realpath } from "node:fs/promises";

import { openTransactions } from "@tau/sandbox";
import type { TransactionSummary, Transactions } from "@tau/tools";

import { flagOption } from "../command.ts";
import type { Command } from "../command.ts";
import { confirmed } from "../confirm.ts";
import { exitCodes } from "../exit-codes.ts";
import { localTenant } from "../local-context.ts";
import { clip, plainJson, visible } from "../plain-text.ts";
import { folderOf } from "../read-settings.ts";
import { homeNote, tauHome, transactionsFolder } from "../tau-home.ts";
import { isInteractive, writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usage-error.ts";

const never = new AbortController().signal;
const maxDiffChars = 200_000;

/** `tau undo`: takes back what commands changed. */
export const undoCommand: Command = {
  usage: "undo [ID | last] [--list | --show]",
  description: `Puts a folder back as it was before a command whose changes were looked at and kept: "last" is the newest
of them. Changes nothing when one of the paths was changed since. Without an ID, lists what there is.
${homeNote}`,
  options: {
    cwd: {
      type: "string",
      short: "C",
      value: "FOLDER",
      help: "The folder that was worked in. Default: this one.",
    },
    list: { type: "boolean", help: "List what was held, kept and undone, newest first." },
    show: { type: "boolean", help: "Show what it changed, and leave it." },
    yes: { type: "boolean", short: "y", help: "Do not ask on a terminal. Without one nobody is asked." },
    json: { type: "boolean", help: "Print the list as JSON." },
  },
  maxWords: 1,
  examples: ["tau undo", "tau undo last --show", "tau undo last", "tau undo last --yes"],

  async run(args, terminal) {
    const workspace = await realpath(await folderOf(args, terminal));
    const store = transactionsFolder(tauHome(terminal), localTenant);
    const transactions = openTransactions({ store, workspace });
    const all = await transactions.list(never);
    const [name] = args.positionals;
    if (name === undefined || flagOption(args, "list")) {
      for (const one of all) writeLine(terminal, flagOption(args, "json") ? plainJson(one) : describe(one));
      if (all.length === 0 && !flagOption(args, "json"))
        writeLine(
          terminal,
          "Nothing was held or kept here; changes can be taken back that a run with --review kept.",
        );
      return exitCodes.ok;
    }
    const chosen = chosenOf(all, name, flagOption(args, "show"));
    if (flagOption(args, "show")) {
      writeLine(terminal, visible(await transactions.diff(chosen.id, maxDiffChars, never)));
      return exitCodes.ok;
    }
    const isSure = flagOption(args, "yes") || !isInteractive(terminal);
    if (!(await confirmed({ terminal, yes: isSure }, questionOf(chosen)))) {
      writeLine(terminal, "Nothing was taken back.");
      return exitCodes.ok;
    }
    return await undo(transactions, chosen, terminal);
  },
};

async function undo(
  transactions: Pick<Transactions, "undo">,
  { id, changes }: TransactionSummary,
  terminal: Terminal,
): Promise<number> {
  await transactions.undo(id, never);
  writeLine(
    terminal,
    `Undid ${id}: ${changes.length === 1 ? "1 change" : `${changes.length} changes`} taken back.`,
  );
  return exitCodes.ok;
}

/** @throws TauError `cli.usage` */
function chosenOf(all: readonly TransactionSummary[], name: string, any: boolean): TransactionSummary {
  const candidates = any ? all : all.filter(({ status }) => status === "committed");
  const found = name === "last" ? candidates[0] : candidates.find(({ id }) => id === name);
  if (found !== undefined) return found;
  throw usageError(
    candidates.length === 0
      ? "There is nothing to undo in this folder: only changes that a run with --review kept can be taken back."
      : `There is no ${JSON.stringify(name)} to undo here; there is: ${candidates.map(({ id }) => id).join(", ")}.`,
  );
}

function questionOf(chosen: TransactionSummary): string {
  return `${describe(chosen)}\nTake it back?`;
}

function describe({ id, status, title, startedAt, changes }: TransactionSummary): string {
  const at = new Date(startedAt).toISOString().slice(0, 16).replace("T", " ");
  const names = changes.slice(0, 3).map(({ path, kind }) => `${kind} ${path}`);
  const more = changes.length > 3 ? `, ${changes.length - 3} more` : "";
  return `${id}  ${status.padEnd(9)} ${at}  ${clip(title, 60)}\n  ${visible(`${names.join(", ")}${more}`)}`;
}
