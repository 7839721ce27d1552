import type { Label } from "@tau/core";

import type { FlowBits } from "../flow/flow-bits.ts";
import type { ExplainedFlowLayer, FlowExplanation } from "../flow/flow-explanation.ts";
import { leaf } from "./text-tree.ts";
import type { TextNode } from "./text-tree.ts";

const triedFirst =
  "It is tried on a copy first: a person is asked only where what it really changes needs one.";

/** What the flow of information says of a call, as a branch of its derivation. */
export function flowNode(flow: FlowExplanation, everyRule: boolean): TextNode {
  const { decision, label, acted, kinds, answer, layers, ruleOfTwo } = flow;
  const { count, applies } = ruleOfTwo;
  const three = count === 3 && !applies ? "but this call adds none of them" : `${count} of 3`;
  const parts = [
    bits("shown or done before: ", ruleOfTwo.before),
    bits("by this call: ", ruleOfTwo.call),
    applies ? "3 of 3, so a person decides" : three,
  ];
  return {
    text: `${decision}  the flow of information`,
    children: [
      leaf(
        `the model was shown: ${describeLabel(label)}; ${acted ? "something" : "nothing"} was changed or sent`,
      ),
      leaf(`the call is: ${kinds.join(", ")}`),
      ...(answer === undefined ? [] : [leaf(`its answer would be: ${describeLabel(answer)}`)]),
      ...layers.flatMap((layer) => layerNode(layer, everyRule)),
      leaf(`Rule of Two: ${parts.join("; ")}`),
      leaf(flow.reason),
      ...(flow.review === true ? [leaf(triedFirst)] : []),
    ],
  };
}

function layerNode(
  { layer, source, verdict, rules }: ExplainedFlowLayer,
  everyRule: boolean,
): readonly TextNode[] {
  const shown = rules.filter(({ match }) => everyRule || match === "yes");
  if (shown.length === 0) return [];
  const from = source === undefined ? "" : ` (${source})`;
  return [
    {
      text: `${layer}${from}: ${verdict ?? "says nothing"}`,
      children: shown.map(({ rule, verdict: says, match, why }) =>
        leaf(`${match === "yes" ? "✓" : "–"} ${says} ${rule}: ${why}`),
      ),
    },
  ];
}

function describeLabel({ integrity, confidentiality, origins, secrets }: Label): string {
  const from = origins.length === 0 ? "" : ` (${origins.join(", ")})`;
  const held = secrets.length === 0 ? "" : `, may hold ${secrets.join(", ")}`;
  return `${integrity}, ${confidentiality}${from}${held}`;
}

function bits(what: string, { untrusted, sensitive, acts }: FlowBits): string {
  const named = [
    ...(untrusted ? ["untrusted text"] : []),
    ...(sensitive ? ["secrets"] : []),
    ...(acts ? ["deeds"] : []),
  ];
  return `${what}${named.length === 0 ? "none" : named.join(", ")}`;
}
