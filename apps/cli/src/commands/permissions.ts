import type { Grant } from "@tau/runtime";
import type { PermissionLayer, PermissionRule } from "@tau/tools";
import { defaultFlowRules, describeFlowRule } from "@tau/tools/flow";
import type { FlowRule } from "@tau/tools/flow";

import { agentOptions } from "../agent-options.ts";
import { flagOption } from "../command.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { explainCall } from "../explain-call.ts";
import { grantLines } from "../grant-lines.ts";
import { localContext } from "../local-context.ts";
import { namedServer, serverOptions } from "../named-server.ts";
import { assertRules } from "../open-environment.ts";
import { openSessions } from "../open-sessions.ts";
import { plainJson, visible } from "../plain-text.ts";
import { readSettings } from "../read-settings.ts";
import type { Settings } from "../settings.ts";
import { openStoredSessions } from "../stored-sessions.ts";
import { isInteractive, writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { wrongVerb } from "../verb-hint.ts";

/** `tau permissions`: what the rules say, and what you allowed for longer than once. */
export const permissionsCommand: Command = {
  usage: "permissions explain [COMMAND] | permissions list | permissions test | permissions revoke GRANT",
  description: `Explains how a command, or a call of a tool, would be decided here: every effect, every layer, every rule
that matched, and how the decisions fold into one. Lists the rules of every layer and what you allowed for a
session or for longer, checks all rules with their examples, and takes an answer back.
Layers are the administrator's (/etc/tau/permissions.toml), yours ($TAU_HOME/permissions.toml), this session's
(--config) and the folder's tau.toml. None loosens what another denies or asks about.
Beside the rules, the flow of information decides: what a model was shown (--label, --from-session) bounds what it
may ask for.`,
  options: {
    ...agentOptions,
    ...serverOptions,
    tool: { type: "string", value: "NAME", help: "With explain: a call of this tool instead of a command." },
    args: { type: "string", value: "JSON", help: "With explain --tool: its arguments." },
    label: {
      type: "string",
      value: "WORDS",
      help: "With explain: what the model was shown, such as untrusted or\nuntrusted,secret,acted. Default: what the workspace says.",
    },
    "from-session": {
      type: "string",
      value: "ID",
      help: "With explain: what the model was shown in this session; last is the one used last.",
    },
    all: { type: "boolean", short: "a", help: "With explain: also the rules that do not match, and why." },
    json: { type: "boolean", help: "With explain and list: as JSON." },
  },
  maxWords: 2,
  examples: [
    'tau permissions explain "git push --force"',
    `tau permissions explain --tool write --args '{"path":"AGENTS.md","content":""}'`,
    'tau permissions explain "git push" --label untrusted --json',
    "tau permissions list",
    "tau permissions test",
    "tau permissions revoke GRANT",
    "tau permissions list --server http://127.0.0.1:7117 --token env:TAU_TOKEN",
  ],

  async run(args, terminal) {
    const [verb, word] = args.positionals;
    if (verb === "revoke" && word !== undefined) return await revoke(args, word, terminal);
    if (verb === "list" && word === undefined && (await namedServer(args, terminal)) !== undefined)
      return await listAtServer(args, terminal);
    // A list says what would become of questions here; an explanation, what somebody would be asked.
    const settings = await readSettings(args, terminal, verb === "list" ? isInteractive(terminal) : true);
    if (verb === "explain") return await explainCall(args, settings, terminal);
    if (verb === "list" && word === undefined) return await list(args, settings, terminal);
    if (verb === "test" && word === undefined) return test(settings, terminal);
    throw wrongVerb(
      verb ?? "",
      ["explain", "list", "test", "revoke", ""],
      "Say `tau permissions explain COMMAND`, `list`, `test` or `revoke GRANT`.",
    );
  },
};

async function list(args: ParsedArgs, settings: Settings, terminal: Terminal): Promise<number> {
  await using sessions = await openStoredSessions(terminal);
  const grants = await sessions.runtime.listGrants(localContext(terminal));
  if (flagOption(args, "json")) {
    writeLine(
      terminal,
      plainJson({ profile: settings.profile, layers: settings.layers, flow: defaultFlowRules, grants }),
    );
    return exitCodes.ok;
  }
  writeLine(terminal, `profile ${settings.profile}, questions: ${settings.approve}`);
  for (const layer of settings.layers)
    for (const line of layerLines(layer)) writeLine(terminal, visible(line));
  if (settings.layers.length === 0) writeLine(terminal, "There are no rules beside the profile's.");
  for (const line of ["everywhere", ...defaultFlowRules.map(flowLine), "  ask   flow(rule of two)"])
    writeLine(terminal, line);
  writeGrants(grants, terminal);
  return exitCodes.ok;
}

function layerLines({
  layer,
  source,
  trusted = true,
  rules,
  programs = {},
  flow = [],
}: PermissionLayer): readonly string[] {
  const lines = (["deny", "ask", "allow"] as const).flatMap((verdict) =>
    (rules[verdict] ?? []).map((rule) => {
      const counts = trusted || verdict !== "allow" ? "" : "   (does not count: not trusted)";
      return `  ${verdict.padEnd(5)} ${textOfRule(rule)}${counts}`;
    }),
  );
  const pins = Object.entries(programs).map(([name, { paths, sha256 }]) => {
    return `  pin   ${name}: ${paths.join(" or ")}${sha256 === undefined ? "" : `, sha256 ${sha256}`}`;
  });
  return [`${layer}${source === undefined ? "" : ` (${source})`}`, ...lines, ...pins, ...flow.map(flowLine)];
}

function flowLine(rule: FlowRule): string {
  const { decision, reason } = rule;
  return `  ${decision.padEnd(5)} ${describeFlowRule(rule)}${reason === undefined ? "" : `   ${reason}`}`;
}

function textOfRule(rule: string | PermissionRule): string {
  if (typeof rule === "string") return rule;
  return rule.reason === undefined ? rule.rule : `${rule.rule}   ${rule.reason}`;
}

/** Reading the rules runs their examples; a failure is thrown, and ends the command with its reason. */
function test(settings: Settings, terminal: Terminal): number {
  assertRules(settings);
  const flow = settings.layers.flatMap((layer) => layer.flow ?? []);
  const rules = [...settings.layers.flatMap((layer) => Object.values(layer.rules).flat()), ...flow];
  const examples = rules.flatMap((rule: string | PermissionRule | FlowRule) =>
    typeof rule === "string" ? [] : [...(rule.match ?? []), ...(rule.notMatch ?? [])],
  );
  writeLine(terminal, `${rules.length} rules can be read, and ${examples.length} examples hold.`);
  return exitCodes.ok;
}

async function revoke(args: ParsedArgs, id: string, terminal: Terminal): Promise<number> {
  await using sessions = await openSessions(args, terminal);
  await sessions.runtime.revokeGrant(id, localContext(terminal));
  writeLine(terminal, `Revoked: ${visible(id)}`);
  return exitCodes.ok;
}

/** What the caller allowed in sessions of a server. */
async function listAtServer(args: ParsedArgs, terminal: Terminal): Promise<number> {
  await using sessions = await openSessions(args, terminal);
  const grants = await sessions.runtime.listGrants(localContext(terminal));
  if (flagOption(args, "json")) {
    writeLine(terminal, plainJson({ server: sessions.server ?? "", grants }));
    return exitCodes.ok;
  }
  writeLine(terminal, `Rules are those of ${visible(sessions.server ?? "")}. What you allowed there:`);
  writeGrants(grants, terminal);
  return exitCodes.ok;
}

function writeGrants(grants: readonly Grant[], terminal: Terminal): void {
  for (const grant of grants) for (const line of grantLines(grant)) writeLine(terminal, visible(line));
  if (grants.length === 0) writeLine(terminal, "Nothing is allowed for longer than once.");
}
