import { isJsonObject, parseJson, TauError } from "@tau/core";
import type { HeldValue, Json, Label, ToolCallPart } from "@tau/core";

/** Texts by handle. */
export type HeldValues = Readonly<Record<string, HeldValue>>;

// The whole of a text, or a place in one that is marked, so that `$v1` in a shell command stays the shell's.
const whole = /^\$v\d{1,6}$/u;
const placed = /\{\{(\$v\d{1,6})\}\}/gu;

/**
 * The arguments of a call as their tool reads them: what stands for something is found in them however a model writes it,
 * `\u0024v1` for `$v1` too.
 */
export function plainArguments({ arguments: text }: ToolCallPart): string {
  if (!text.includes("\\u")) return text;
  const parsed = parseJson(text);
  return parsed.ok ? JSON.stringify(parsed.value) : text;
}

/** The call as it is carried out: handles in its arguments are the texts behind them. */
export function resolveHandles(call: ToolCallPart, values: HeldValues): ToolCallPart {
  if (!plainArguments(call).includes("$v")) return call;
  const parsed = parseJson(call.arguments);
  if (!parsed.ok || !isJsonObject(parsed.value)) return call;
  const args = JSON.stringify(resolved(parsed.value, values));
  return args === JSON.stringify(parsed.value) ? call : { ...call, arguments: args };
}

/** How far to trust the texts that a call passes on; none when it passes none. */
export function labelsOfHandles(call: ToolCallPart, values: HeldValues): readonly Label[] {
  const text = plainArguments(call);
  if (!text.includes("$v")) return none;
  const handles = new Set(text.match(/\$v\d{1,6}/gu) ?? []);
  return [...handles].flatMap((handle) => values[handle]?.label ?? []);
}

const none: readonly Label[] = [];

function resolved(value: Json, values: HeldValues): Json {
  if (typeof value === "string") {
    if (whole.test(value)) return values[value]?.value ?? value;
    return value.replaceAll(placed, (mark, handle: string) => values[handle]?.value ?? mark);
  }
  if (Array.isArray(value)) return value.map((item) => resolved(item, values));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item, values)]));
}

// As much as a file that read shows; more is an artifact.
const maxChars = 100_000;
const maxValues = 2_000;

/** Hands out handles for texts during one effect. */
export interface Holder {
  /** Answers the handle of a text. @throws TauError `session.too_many_values` */
  hold(value: string, label: Label): string;
  /** What was held so far, for the effect's end. */
  readonly held: HeldValues;
}

/** Makes a {@link Holder}; `next` answers the number of the session's next handle. */
export function createHolder(next: () => number): Holder {
  const held: Record<string, HeldValue> = {};
  return {
    held,
    hold(value, label) {
      const number = next();
      if (number > maxValues)
        throw new TauError(
          "session.too_many_values",
          `A session holds ${maxValues} texts behind handles at most. Go on in a new session, with a hand-off of this one.`,
        );
      const handle = `$v${number}`;
      held[handle] = { value: value.slice(0, maxChars), label };
      return handle;
    },
  };
}
