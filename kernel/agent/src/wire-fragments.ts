import { wellFormedJson } from "./well-formed-json.ts";

/** A list as it was last written: `text` up to `ends[i]` says `values[0]` to `values[i]`. */
interface Written<Value> {
  readonly values: Value[];
  readonly ends: number[];
  text: string;
}

/** A text to be put into some of the values, `fromEnd` characters before each one's end. */
export interface ListMark {
  readonly text: string;
  readonly fromEnd: number;
  /** Places in the list, in order; none of them may be of a value that stands for nothing. */
  readonly places: readonly number[];
}

/** Writes a value; gets the one before it, too. It may answer an empty text for what stands for nothing at all. */
type WriteValue<Value> = (value: Value, previous: Value | undefined) => string;

type ListWriter<Value> = (values: readonly Value[], mark?: ListMark) => string;

/**
 * Makes a writer of comma-separated JSON for lists that grow at their end, as histories do: each value is written
 * once in its life, and a list again only from where it differs from what was written before. Values are told apart
 * by identity, lists by their first value: neither may be edited in place.
 */
export function listWriter<Value extends object>(write: WriteValue<Value>): ListWriter<Value> {
  const lists = new WeakMap<Value, Written<Value>>();
  return (values, mark) => {
    const [first] = values;
    if (first === undefined) return "";
    let list = lists.get(first);
    if (list === undefined) lists.set(first, (list = { values: [], ends: [], text: "" }));
    keepCommon(list, values);
    if (values.length > list.values.length) append(list, values, write);
    return mark === undefined ? list.text : withMark(list, mark);
  };
}

/**
 * The same for conversations. The only message of one is written without being remembered, and once more when the conversation
 * goes on: most never do, and what a map holds of a young object lives until the collector looks at everything.
 */
export function conversationWriter<Value extends object>(write: WriteValue<Value>): ListWriter<Value> {
  const writeList = listWriter(write);
  return (values, mark) => {
    const [only] = values;
    if (only === undefined || values.length > 1) return writeList(values, mark);
    const text = wellFormedJson(write(only, undefined));
    return mark === undefined ? text : withMark({ text, ends: [text.length] }, mark);
  };
}

function withMark(
  { text, ends }: Pick<Written<never>, "text" | "ends">,
  { text: mark, fromEnd, places }: ListMark,
): string {
  let written = "";
  let from = 0;
  for (const place of places) {
    const at = (ends[place] ?? 0) - fromEnd;
    written += text.slice(from, at) + mark;
    from = at;
  }
  return written + text.slice(from);
}

function append<Value>(
  list: Written<Value>,
  values: readonly Value[],
  write: (value: Value, previous: Value | undefined) => string,
): void {
  const from = list.values.length;
  const added = values.slice(from);
  // May throw: nothing has changed so far.
  const fragments = added.map((value, index) => wellFormedJson(write(value, values[from + index - 1])));
  let end = list.text.length;
  for (const { length } of fragments) {
    if (length > 0) end += length + (end === 0 ? 0 : 1);
    list.ends.push(end);
  }
  for (const value of added) list.values.push(value);
  // Joined, not added: that would leave a tree of pieces, which the socket would have to flatten at every call.
  list.text = [list.text, ...fragments].filter((fragment) => fragment !== "").join(",");
}

/** Cuts from the list what `values` does not begin with. */
function keepCommon<Value>(list: Written<Value>, values: readonly Value[]): void {
  let common = 0;
  while (common < list.values.length && list.values[common] === values[common]) common++;
  if (common === list.values.length) return;
  list.text = list.text.slice(0, list.ends[common - 1] ?? 0);
  list.values.length = common;
  list.ends.length = common;
}
