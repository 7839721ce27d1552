import { parseJson, textOf } from "@tau/core";
import type { Json } from "@tau/core";

import { withText } from "./answer-text.ts";
import { pass } from "./output-validator.ts";
import type { OutputValidator, Verdict } from "./output-validator.ts";

/** Options of {@link ruleIdWhitelist}. */
export interface RuleIdWhitelistOptions {
  readonly allowed: readonly string[];
  /** The field that names a rule, anywhere in the answer's JSON. Default `rule_id`. */
  readonly field?: string;
  /** `demote` gives the finding the id `adHocId`. Default: demote. */
  readonly unknown?: "demote" | "reject" | "annotate";
  /** Default `ad_hoc`. */
  readonly adHocId?: string;
}

/** Lets findings name only rules that exist: models make rules up. Answers that are not JSON pass. */
export function ruleIdWhitelist(options: RuleIdWhitelistOptions): OutputValidator {
  const { field = "rule_id", unknown = "demote", adHocId = "ad_hoc" } = options;
  const allowed = new Set([...options.allowed, adHocId]);

  return {
    name: "rule_id_whitelist",
    validate(_request, answer): Verdict {
      const parsed = parseJson(textOf(answer.message));
      if (!parsed.ok) return pass;
      const strange = new Set<string>();
      const demoted = JSON.stringify(parsed.value, function (this: Json, key: string, value: Json): Json {
        if (key !== field || typeof value !== "string" || allowed.has(value)) return value;
        strange.add(value);
        return adHocId;
      });
      if (strange.size === 0) return pass;
      const names = [...strange].map((name) => name.slice(0, 80));
      if (unknown === "reject") return { kind: "reject", reason: `there is no rule "${names.join('", "')}"` };
      if (unknown === "annotate") return { kind: "annotate", metrics: { unknownRules: names.length } };
      return { kind: "filter", answer: withText(answer, demoted), dropped: names };
    },
  };
}
