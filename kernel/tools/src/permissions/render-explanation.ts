import type { Decision } from "./decision.ts";
import type { EffectDecision, ExplainedLayer, Explanation } from "./explanation.ts";
import { flowNode } from "./render-flow.ts";
import { leaf, treeLines } from "./text-tree.ts";
import type { TextNode } from "./text-tree.ts";

/** How much {@link renderExplanation} shows. */
export interface RenderOptions {
  /** Also the rules that do not match, with the reason why not. Default false. */
  readonly everyRule?: boolean;
}

/** Writes a derivation as a tree of lines, for people. Texts come from models and files: show them as foreign text. */
export function renderExplanation(explanation: Explanation, options: RenderOptions = {}): string {
  return treeLines(toNode(explanation, options)).join("\n");
}

function toNode(explanation: Explanation, options: RenderOptions): TextNode {
  const { policy, decision, reason, meets, effects, flow } = explanation;
  const name = policy === undefined ? "" : `${policy}: `;
  const shown = effects.filter((effect) => options.everyRule === true || !isNothing(effect));
  const guesses = effects.length - shown.length;
  return {
    text: `${name}${decision}  ${reason}`,
    children: [
      ...(meets ?? []).map((each) => toNode(each, options)),
      ...shown.map((effect) => effectNode(effect, options)),
      ...(guesses === 0
        ? []
        : [leaf(`allow  what arguments may name beside (${guesses}): no rule restricts it`)]),
      ...(flow === undefined ? [] : [flowNode(flow, options.everyRule === true)]),
      ...foldOf(explanation),
    ],
  };
}

/** Nobody wonders about a file that an argument may name and no rule is about. */
function isNothing({ guessed, decision }: EffectDecision): boolean {
  return guessed === true && decision === "allow";
}

function effectNode({ effect, decision, reason, layers }: EffectDecision, options: RenderOptions): TextNode {
  return {
    text: `${decision}  ${effect}`,
    children: [...layers.flatMap((layer) => layerNode(layer, options)), leaf(reason)],
  };
}

function layerNode(
  { layer, source, verdict, rules }: ExplainedLayer,
  { everyRule = false }: RenderOptions,
): readonly TextNode[] {
  const shown = rules.filter(
    ({ match, why }) => everyRule || match !== "no" || why.startsWith("would cover it"),
  );
  if (shown.length === 0 && !everyRule) return [];
  const from = source === undefined ? "" : ` (${source})`;
  return [
    {
      text: `${layer}${from}: ${verdict ?? "says nothing"}`,
      children: shown.map(({ rule, verdict: says, match, why }) =>
        leaf(`${match === "no" ? "–" : match === "yes" ? "✓" : "?"} ${says} ${rule}: ${why}`),
      ),
    },
  ];
}

/** Where several decisions become one. */
function foldOf({ decision, effects, meets, flow }: Explanation): readonly TextNode[] {
  const parts: readonly Decision[] = [...(meets ?? effects), ...(flow === undefined ? [] : [flow])];
  if (parts.length < 2) return [];
  const what = `these ${meets === undefined ? "effects" : "policies"}${flow === undefined ? "" : " and of the flow of information"}`;
  const counts = [...Map.groupBy(parts, (part) => part.decision)];
  const verdicts = counts.map(([verdict, some]) => `${some.length} ${verdict}`).join(", ");
  return [leaf(`the strictest of ${what} (${verdicts}): ${decision}`)];
}
