import type { CallEffect } from "./call-effect.ts";
import type { CompiledRule } from "./rule.ts";

/** Rules, and those of them that may have something to say about an effect of each kind: a profile has a hundred. */
export interface RuleIndex {
  readonly all: readonly CompiledRule[];
  readonly byEffect: ByEffect;
  /** Those that deny or ask. */
  readonly restricting: ByEffect;
  /** Those that deny or ask about one path and what is below it, by that path: they are in neither of the lists. */
  readonly byPath: Readonly<Record<"read" | "write", ReadonlyMap<string, readonly CompiledRule[]>>>;
}

type ByEffect = Readonly<Record<CallEffect["kind"], readonly CompiledRule[]>>;

/** Makes a {@link RuleIndex}; the order of the rules stays. */
export function indexRules(all: readonly CompiledRule[]): RuleIndex {
  const listed = all.filter((rule) => literalPath(rule) === undefined);
  const restricting = listed.filter(({ verdict }) => verdict !== "allow");
  const byPath = (kind: "read" | "write"): ReadonlyMap<string, readonly CompiledRule[]> =>
    Map.groupBy(
      all.filter((rule) => rule.pattern.kind === kind && literalPath(rule) !== undefined),
      (rule) => literalPath(rule) ?? "",
    );
  return {
    all,
    byEffect: byEffectOf(listed),
    restricting: byEffectOf(restricting),
    byPath: { read: byPath("read"), write: byPath("write") },
  };
}

/** The path of a rule that denies or asks about one path from `/`, and what is below it; folded. */
function literalPath({ verdict, pattern }: CompiledRule): string | undefined {
  if (verdict === "allow" || (pattern.kind !== "read" && pattern.kind !== "write")) return undefined;
  const { path } = pattern;
  const [segments, ...others] = path?.alternatives ?? [];
  if (path?.anchor !== "root" || path.except !== undefined || segments === undefined || others.length > 0)
    return undefined;
  let text = "";
  for (const [index, segment] of segments.entries()) {
    if (segment === "**") return index === segments.length - 1 && index > 0 ? text : undefined;
    const [wildcard, ...more] = segment;
    const [name, ...gaps] = wildcard ?? [];
    if (name === undefined || more.length > 0 || gaps.length > 0) return undefined;
    text += `/${name}`;
  }
  return undefined;
}

function byEffectOf(all: readonly CompiledRule[]): ByEffect {
  const about = (kind: CompiledRule["pattern"]["kind"]): readonly CompiledRule[] =>
    all.filter(({ pattern }) => pattern.kind === kind || pattern.kind === "any" || pattern.kind === "tool");
  return {
    read: about("read"),
    write: about("write"),
    command: about("command"),
    doubt: about("command"),
    network: about("network"),
    send: about("send"),
    other: about("any"),
  };
}
