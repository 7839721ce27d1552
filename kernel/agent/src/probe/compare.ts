import type { CapabilityFacts, Known, ModelCapabilities } from "../capabilities.ts";
import type { ProbeName } from "./probe-check.ts";
import type { ProbeFinding } from "./probe-model.ts";

type Claim = (can: ModelCapabilities) => Known;

const claims: Readonly<Partial<Record<ProbeName, Claim>>> = {
  answer: (can) => can.chat,
  streaming: (can) => can.streaming,
  sampling: (can) => can.sampling,
  tools: (can) => can.tools,
  parallel_tools: (can) => can.parallelTools,
  forced_tools: (can) => can.forcedTools,
  strict_schema: (can) => oneOf(can.structuredOutput, "strict_schema"),
  json_mode: (can) => oneOf(can.structuredOutput, "json_mode", "strict_schema"),
  tools_with_schema: (can) => can.toolsWithSchema,
  reasoning: (can) => can.reasoning,
  reasoning_with_tools: (can) => can.reasoningWithTools,
  vision: (can) => can.input.image,
  prompt_cache: (can) => oneOf(can.promptCache, "implicit_prefix", "explicit_marker", "explicit_object"),
  // Another model of the provider embeds: what is known of this one says nothing of that.
};

function oneOf(word: string, ...words: readonly string[]): Known {
  if (word === "unknown") return "unknown";
  return words.includes(word) ? "yes" : "no";
}

/** What the catalog says of something that was measured; undefined for what it has no word for. */
export function claimOf(name: ProbeName, capabilities: ModelCapabilities): Known | undefined {
  return claims[name]?.(capabilities);
}

/** Whether what was measured and what was claimed cannot both be true. */
export function contradicts({ name, verdict }: ProbeFinding, capabilities: ModelCapabilities): boolean {
  const claim = claimOf(name, capabilities);
  return claim !== undefined && claim !== "unknown" && verdict !== "unknown" && claim !== verdict;
}

/** The facts that findings add up to, for a list or an override. */
export function factsFrom(findings: readonly ProbeFinding[]): CapabilityFacts {
  const measured = new Map(findings.map(({ name, verdict }) => [name, verdict]));
  const known = (name: ProbeName): Known => measured.get(name) ?? "unknown";
  const strict = known("strict_schema");
  const structuredOutput =
    strict === "yes"
      ? "strict_schema"
      : known("json_mode") === "yes"
        ? "json_mode"
        : strict === "no" && known("forced_tools") === "yes"
          ? "forced_tool"
          : "unknown";
  return {
    chat: known("answer"),
    streaming: known("streaming"),
    sampling: known("sampling"),
    tools: known("tools"),
    parallelTools: known("parallel_tools"),
    forcedTools: known("forced_tools"),
    toolsWithSchema: known("tools_with_schema"),
    reasoning: known("reasoning"),
    reasoningWithTools: known("reasoning_with_tools"),
    structuredOutput,
    input: { image: known("vision") },
  };
}
