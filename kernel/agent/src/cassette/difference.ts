import { isJsonObject } from "@tau/core";
import type { Json } from "@tau/core";

/** One place where two values differ; an absent side is undefined. */
export interface Difference {
  /** For example `messages[0].content`; empty for the values themselves. */
  readonly path: string;
  readonly recorded: Json | undefined;
  readonly asked: Json | undefined;
}

/** Lists where two values differ, leaf by leaf, in the order of the recorded one. */
export function differences(
  recorded: Json | undefined,
  asked: Json | undefined,
  path = "",
): readonly Difference[] {
  if (Array.isArray(recorded) && Array.isArray(asked)) {
    const length = Math.max(recorded.length, asked.length);
    return Array.from({ length }, (_, index) =>
      differences(recorded[index], asked[index], `${path}[${index}]`),
    ).flat();
  }
  if (isJsonObject(recorded) && isJsonObject(asked)) {
    const names = new Set([...Object.keys(recorded), ...Object.keys(asked)]);
    return [...names].flatMap((name) =>
      differences(recorded[name], asked[name], path === "" ? name : `${path}.${name}`),
    );
  }
  return recorded === asked ? [] : [{ path, recorded, asked }];
}

/** Says a difference in one line, both values shortened around the first character that differs. */
export function describeDifference({ path, recorded, asked }: Difference): string {
  const [before, after] = [say(recorded), say(asked)];
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  return `${path === "" ? "the body" : path}: recorded ${around(before, same)}, asked ${around(after, same)}`;
}

function say(value: Json | undefined): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function around(text: string, at: number): string {
  const start = at <= 40 ? 0 : at - 20;
  return `${start > 0 ? "…" : ""}${text.slice(start, start + 80)}${text.length > start + 80 ? "…" : ""}`;
}
