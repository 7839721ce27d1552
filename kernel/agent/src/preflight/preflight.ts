import { unknownCapabilities, windowOf } from "../capabilities.ts";
import type { Known, ModelCapabilities } from "../capabilities.ts";
import type { Model, ModelRequest } from "../model.ts";
import { requirementsOf } from "./requirements.ts";
import type { CapabilityRequirements } from "./requirements.ts";

/** What does not fit, by a stable word. */
export type PreflightKind =
  | "chat"
  | "streaming"
  | "tools"
  | "parallel_tools"
  | "forced_tools"
  | "structured_output"
  | "tools_with_schema"
  | "reasoning"
  | "reasoning_with_tools"
  | "vision"
  | "audio"
  | "files"
  | "sampling"
  | "embeddings"
  | "transcription"
  | "speech"
  | "context"
  | "output";

/** One thing that a model cannot do, or that nobody knows of it. */
export interface PreflightReason {
  readonly kind: PreflightKind;
  readonly known: "no" | "unknown";
  /** For people; ends without a full stop. */
  readonly message: string;
  /** Tokens, or how many tools. */
  readonly wanted?: number;
  /** Tokens. */
  readonly limit?: number;
}

/** Whether a model can do what is needed. */
export interface PreflightResult {
  /** `no` when one thing cannot be done, else `unknown` when one is not known, else `yes`. */
  readonly verdict: Known;
  /** The verdict under the policy for what is unknown. */
  readonly compatible: boolean;
  /** All of them, in a fixed order. */
  readonly reasons: readonly PreflightReason[];
}

/** Options of {@link preflight}. */
export interface PreflightOptions {
  /** What an unknown ability counts as. Default `deny`: whoever lets it pass says so. */
  readonly unknown?: "allow" | "deny";
  /** Tokens of the prompt when they were counted; estimated otherwise. */
  readonly promptTokens?: number;
}

/**
 * Tells, before anything is sent, whether a model can answer a request: with all reasons against it, and what
 * nobody knows apart from what it cannot do.
 */
export function preflight(
  request: ModelRequest,
  capabilities: ModelCapabilities,
  options: PreflightOptions = {},
): PreflightResult {
  return checkRequirements(requirementsOf(request, options.promptTokens), capabilities, options);
}

/** The same for what a role needs, when the program starts. */
export function checkRequirements(
  requirements: CapabilityRequirements,
  capabilities: ModelCapabilities,
  { unknown = "deny" }: PreflightOptions = {},
): PreflightResult {
  const reasons = [
    ...abilityReasons(requirements, capabilities),
    ...limitReasons(requirements, capabilities),
  ];
  const no = reasons.some(({ known }) => known === "no");
  const verdict = no ? "no" : reasons.length > 0 ? "unknown" : "yes";
  return {
    verdict,
    compatible: verdict === "yes" || (verdict === "unknown" && unknown === "allow"),
    reasons,
  };
}

/** What is known of a model. A window that was given wins over what the capabilities say. */
export function capabilitiesOf(model: Pick<Model, "capabilities" | "contextWindow">): ModelCapabilities {
  const { capabilities = unknownCapabilities, contextWindow } = model;
  if (contextWindow === undefined || contextWindow === windowOf(capabilities)) return capabilities;
  const { maxInputTokens: _, ...others } = capabilities;
  return { ...others, maxContextTokens: contextWindow };
}

type AbilityRow = readonly [kind: PreflightKind, needed: boolean, known: Known, cannot: string];

function abilityReasons(needs: CapabilityRequirements, can: ModelCapabilities): readonly PreflightReason[] {
  const count = Number(needs.tools ?? 0);
  const { tools, schema } = { tools: count > 0, schema: needs.structuredOutput === true };
  const reasoning = needs.reasoning === true;
  const chat = needs.embeddings !== true && needs.transcription !== true && needs.speech !== true;
  const rows: readonly AbilityRow[] = [
    // Whatever is asked as a model takes conversations, unless somebody says that it does not.
    ["chat", chat, can.chat === "no" ? "no" : "yes", "does not take conversations"],
    ["streaming", needs.streaming === true, can.streaming, "does not stream"],
    ["tools", tools, can.tools, "cannot call tools"],
    ["parallel_tools", needs.parallelTools === true, can.parallelTools, "calls one tool at a time"],
    ["forced_tools", needs.forcedTools === true, can.forcedTools, "cannot be made to call a tool"],
    ["structured_output", schema, structured(can), "cannot answer in the shape of a schema"],
    ["tools_with_schema", tools && schema, can.toolsWithSchema, twoPhases],
    ["reasoning", reasoning, can.reasoning, "does not think before it answers"],
    ["reasoning_with_tools", reasoning && tools, can.reasoningWithTools, "does not think when it has tools"],
    ["vision", needs.vision === true, can.input.image, "takes no pictures"],
    ["audio", needs.audio === true, can.input.audio, "takes no sounds"],
    ["files", needs.files === true, can.input.file, "takes no documents"],
    ["sampling", needs.sampling === true, can.sampling, "takes no temperature and no top-p"],
    ["embeddings", needs.embeddings === true, can.embeddings, "makes no embeddings"],
    ["transcription", needs.transcription === true, can.transcription, "does not transcribe"],
    ["speech", needs.speech === true, can.speech, "does not speak"],
  ];
  return rows.flatMap(([kind, needed, known, cannot]): readonly PreflightReason[] => {
    if (!needed || known === "yes") return [];
    const message = known === "no" ? cannot : `nobody knows whether it can: ${kind.replaceAll("_", " ")}`;
    return [{ kind, known, message, ...(kind === "tools" ? { wanted: count } : {}) }];
  });
}

const twoPhases =
  "takes either tools or a schema. Let it call tools first, then ask for the shape in a second call without them";

/** JSON mode counts: the shape is checked when the answer is there. */
function structured({ structuredOutput }: ModelCapabilities): Known {
  if (structuredOutput === "none") return "no";
  return structuredOutput === "unknown" ? "unknown" : "yes";
}

function limitReasons(needs: CapabilityRequirements, can: ModelCapabilities): readonly PreflightReason[] {
  const { promptTokens: prompt, outputTokens: output } = needs;
  const reasons: PreflightReason[] = [];
  if (prompt !== undefined) {
    const { maxInputTokens, maxContextTokens } = can;
    const input = maxInputTokens !== undefined && prompt > maxInputTokens;
    const wanted = input || maxContextTokens === undefined ? prompt : prompt + (output ?? 0);
    reasons.push(
      ...overLimit("context", wanted, input ? maxInputTokens : (maxContextTokens ?? maxInputTokens)),
    );
  }
  if (output !== undefined) reasons.push(...overLimit("output", output, can.maxOutputTokens));
  return reasons;
}

function overLimit(
  kind: "context" | "output",
  wanted: number,
  limit: number | undefined,
): readonly PreflightReason[] {
  const verb = kind === "context" ? "read" : "write";
  if (limit === undefined) {
    return [{ kind, known: "unknown", message: `nobody knows how much it can ${verb}`, wanted }];
  }
  if (wanted <= limit) return [];
  const message = `can ${verb} at most ${limit} tokens, and this needs about ${wanted}`;
  return [{ kind, known: "no", message, wanted, limit }];
}
