import type { Json, JsonObject } from "@tau/core";

import { textAt } from "../json-fields.ts";

type Scalar = string | number | boolean | null;
type Node = Scalar | Node[] | Map<string, Node>;
type Step = string | number;

const deepest = 64;

/**
 * Puts the arguments of one call together, which Vertex can stream field by field: each piece names its place by a
 * JSON path, such as `$.items[0].name`, and texts may come in several pieces.
 */
export class PartialArguments {
  readonly #root = new Map<string, Node>();

  /**
   * Adds one piece.
   *
   * @throws RangeError when its path leads nowhere
   */
  add(piece: JsonObject): void {
    const value = valueOf(piece);
    if (value === undefined) return;
    const path = toSteps(textAt(piece, "jsonPath"));
    const last = path.pop();
    if (last === undefined) throw new RangeError("A piece of the arguments has no path.");
    let place: Node = this.#root;
    for (const [index, step] of path.entries()) {
      place = childOf(place, step, typeof (path[index + 1] ?? last) === "number");
    }
    const before = get(place, last);
    set(place, last, typeof before === "string" && typeof value === "string" ? before + value : value);
  }

  /** The JSON text of what came so far. */
  toString(): string {
    return JSON.stringify(toJson(this.#root));
  }
}

function valueOf({ stringValue, numberValue, boolValue, nullValue }: JsonObject): Scalar | undefined {
  if (typeof stringValue === "string") return stringValue;
  if (typeof numberValue === "number") return numberValue;
  if (typeof boolValue === "boolean") return boolValue;
  return nullValue === undefined ? undefined : null;
}

function toSteps(path: string): Step[] {
  const steps: Step[] = [];
  const pattern = /\.(?<name>[^.[\]]+)|\[(?<index>\d{1,9})\]|\[(?<quote>['"])(?<quoted>.*?)\k<quote>\]/gy;
  pattern.lastIndex = path.startsWith("$") ? 1 : 0;
  let end = pattern.lastIndex;
  for (const match of path.matchAll(pattern)) {
    const { name, index, quoted } = match.groups ?? {};
    steps.push(index === undefined ? (name ?? quoted ?? "") : Number(index));
    end = match.index + match[0].length;
  }
  if (end !== path.length || steps.length > deepest) {
    throw new RangeError("A piece of the arguments has a path that cannot be read.");
  }
  return steps;
}

function childOf(place: Node, step: Step, isList: boolean): Node {
  const known = get(place, step);
  if (known !== undefined) return known;
  const child: Node = isList ? [] : new Map<string, Node>();
  set(place, step, child);
  return child;
}

function get(place: Node, step: Step): Node | undefined {
  if (typeof step === "string") return place instanceof Map ? place.get(step) : undefined;
  return Array.isArray(place) ? place[step] : undefined;
}

/** Lists grow by one: an index far away would make a list of holes. */
function set(place: Node, step: Step, value: Node): void {
  if (place instanceof Map && typeof step === "string") place.set(step, value);
  else if (Array.isArray(place) && typeof step === "number" && step <= place.length) place[step] = value;
  else throw new RangeError("A piece of the arguments has a path that does not fit the pieces before it.");
}

function toJson(node: Node): Json {
  if (Array.isArray(node)) return node.map(toJson);
  return node instanceof Map
    ? Object.fromEntries([...node].map(([key, value]) => [key, toJson(value)]))
    : node;
}
