import { capabilitiesOf } from "@tau/agent";
import type { EmbeddingModel, Known, ModelCapabilities } from "@tau/agent";
import { claimOf, contradicts, probeModel, probeNames } from "@tau/agent/probe";
import type { ProbeFinding, ProbeName } from "@tau/agent/probe";
import { addUsage, costOf, formatUsd, noUsage } from "@tau/core";
import type { Usage } from "@tau/core";

import { modelOptions } from "../agent-options.ts";
import { didYouMean } from "../closest-word.ts";
import { flagOption, textOption } from "../command.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findModel, findProvider } from "../find-model.ts";
import type { FoundModel } from "../find-model.ts";
import { openCatalog } from "../known-models.ts";
import { localContext } from "../local-context.ts";
import { optional } from "../optional.ts";
import { clip, plain, plainJson } from "../plain-text.ts";
import { readSettings } from "../read-settings.ts";
import type { Settings } from "../settings.ts";
import { createStyle } from "../style.ts";
import type { Style } from "../style.ts";
import { homeNote } from "../tau-home.ts";
import { writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usage-error.ts";

/** `tau probe`: what does this model really do? */
export const probeCommand: Command = {
  usage: "probe [options]",
  description: `Asks a model questions whose answers show what it really does, and compares that with what is known of it.
Costs about 20 calls and 20,000 tokens. "?" is what the answer did not show, or what nobody knows.
${homeNote}`,
  options: {
    ...modelOptions,
    only: {
      type: "string",
      value: "WORDS",
      help: `Only these, for example tools,vision:\n${lines(probeNames)}.`,
    },
    embeddings: {
      type: "string",
      value: "ID",
      help: "Also measure this embedding model of the same provider.",
    },
    json: { type: "boolean", help: "Print every finding as a line of JSON." },
  },
  maxWords: 0,
  examples: [
    "tau probe",
    "tau probe --provider anthropic --model claude-haiku-4-5",
    "tau probe --base-url http://127.0.0.1:8000/v1 --model qwen3 --only tools,parallel_tools",
  ],

  async run(args, terminal) {
    const only = onlyOf(args);
    const json = flagOption(args, "json");
    const settings = await readSettings(args, terminal, false);
    const catalog = await openCatalog(settings.home, settings.knownModels);
    const found = await findModel(settings.model, { terminal, catalog });
    const embeddings = await embeddingsOf(args, settings, terminal);
    const view = json ? jsonView(terminal) : tableView(terminal, found);
    const findings = probeModel(found.model, localContext(terminal), {
      protocol: found.protocol,
      ...(only === undefined ? {} : { only }),
      ...(embeddings === undefined ? {} : { embeddings }),
    });
    const can = capabilitiesOf(found.model);
    const seen: ProbeFinding[] = [];
    for await (const finding of findings) {
      seen.push(finding);
      view.show(finding, can);
    }
    view.end(seen, can);
    return exitCodes.ok;
  },
};

function lines(words: readonly string[]): string {
  const from = [0, 6, 12].map((start) => words.slice(start, start + 6).join(", "));
  return from.join(",\n");
}

function onlyOf(args: ParsedArgs): readonly ProbeName[] | undefined {
  const words = textOption(args, "only")
    ?.split(",")
    .map((word) => word.trim());
  return words?.map((word) => {
    const name = probeNames.find((one) => one === word);
    if (name !== undefined) return name;
    const meant = didYouMean(word, probeNames);
    throw usageError(`--only: ${JSON.stringify(word)} is none of ${probeNames.join(", ")}.${meant}`);
  });
}

async function embeddingsOf(
  args: ParsedArgs,
  settings: Settings,
  terminal: Terminal,
): Promise<EmbeddingModel | undefined> {
  const model = textOption(args, "embeddings");
  if (model === undefined) return undefined;
  const { provider, baseUrl, apiKey } = await findProvider(settings.model, terminal);
  if (provider.createEmbeddings === undefined)
    throw usageError(`--embeddings: ${provider.name} has no embedding models; leave it out.`);
  return provider.createEmbeddings({ model, ...optional("baseUrl", baseUrl), ...optional("apiKey", apiKey) });
}

interface ProbeView {
  show(finding: ProbeFinding, can: ModelCapabilities): void;
  end(findings: readonly ProbeFinding[], can: ModelCapabilities): void;
}

function jsonView(terminal: Terminal): ProbeView {
  return {
    show(finding, can) {
      const claim = claimOf(finding.name, can) ?? null;
      writeLine(terminal, plainJson({ ...finding, claim, differs: contradicts(finding, can) }));
    },
    end: () => undefined,
  };
}

function tableView(terminal: Terminal, { model }: FoundModel): ProbeView {
  const style = createStyle(terminal);
  writeLine(terminal, plain(`Measuring ${model.provider} ${model.id}.`));
  writeLine(terminal, style("dim", `  ${"CHECK".padEnd(21)} MEASURED  KNOWN  SEEN`));
  return {
    show: (finding, can) => writeLine(terminal, findingLine(finding, can, style)),
    end(findings, can) {
      const usage = findings.reduce((sum, finding) => addUsage(sum, finding.usage), noUsage);
      writeLine(terminal, `\n${countOf(findings)}, ${tokensOf(usage)}${costText(findings, model.price)}.`);
      const wrong = findings.filter((finding) => contradicts(finding, can));
      if (wrong.length === 0) return;
      const names = wrong.map(({ name }) => name).join(", ");
      writeLine(
        terminal,
        style("yellow", `Not as known: ${names}. Write what is true under [[models]] in tau.toml.`),
      );
    },
  };
}

const marks: Readonly<Record<Known, string>> = { yes: "yes", no: "no", unknown: "?" };

function findingLine(finding: ProbeFinding, can: ModelCapabilities, style: Style): string {
  const { name, verdict, detail, providerSaid } = finding;
  const claim = claimOf(name, can);
  const differs = contradicts(finding, can);
  const mark =
    verdict === "yes" ? style("green", "✓") : verdict === "no" ? style("red", "✗") : style("dim", "?");
  const known = (claim === undefined ? "" : marks[claim]).padEnd(5);
  const said = providerSaid === undefined ? "" : `: ${providerSaid}`;
  return [
    `${mark} ${name.padEnd(21)} ${marks[verdict].padEnd(8)}`,
    differs ? style("yellow", known) : known,
    clip(detail + said, 100),
  ].join("  ");
}

function countOf(findings: readonly ProbeFinding[]): string {
  return findings.length === 1 ? "1 check" : `${findings.length} checks`;
}

function tokensOf({ inputTokens, outputTokens }: Usage): string {
  return `${(inputTokens + outputTokens).toLocaleString("en-US")} tokens`;
}

/** What the conversations cost; embeddings have a price of their own. */
function costText(findings: readonly ProbeFinding[], price: FoundModel["model"]["price"]): string {
  if (price === undefined) return "";
  const costs = findings.filter(({ name }) => name !== "embeddings").map(({ usage }) => costOf(usage, price));
  return `, ${formatUsd(costs.reduce((sum, cost) => sum + cost, 0))}`;
}
