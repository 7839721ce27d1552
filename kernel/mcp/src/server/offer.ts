import { TauError } from "@tau/core";

import { byCodeUnits } from "../by-code-units.ts";
import type { ServedPrompt, ServedResource, ServedResourceTemplate, ServedTool } from "./served.ts";

/** Things of one kind that a server offers, by name. */
export class Shelf<T> {
  readonly #kind: string;
  readonly #nameOf: (one: T) => string;
  readonly #items = new Map<string, T>();

  constructor(kind: string, nameOf: (one: T) => string) {
    this.#kind = kind;
    this.#nameOf = nameOf;
  }

  /** @throws TauError `mcp.already_offered` */
  add(one: T): void {
    const name = this.#nameOf(one);
    if (this.#items.has(name))
      throw new TauError(
        "mcp.already_offered",
        `The MCP server has a ${this.#kind} ${JSON.stringify(name)} already.`,
      );
    this.#items.set(name, one);
  }

  remove(name: string): boolean {
    return this.#items.delete(name);
  }

  get(name: string): T | undefined {
    return this.#items.get(name);
  }

  /** All of them, ordered by name: the same offer is always listed the same. */
  list(): readonly T[] {
    return [...this.#items].toSorted(([a], [b]) => byCodeUnits(a, b)).map(([, one]) => one);
  }

  /**
   * The page behind a cursor, which is the name of the last one that was shown: what comes or goes between two pages moves
   * nothing. `undefined` begins.
   */
  page(
    cursor: string | undefined,
    size: number,
    isShown: (one: T) => boolean = () => true,
  ): { readonly items: readonly T[]; readonly nextCursor?: string } {
    const after = cursor === undefined ? undefined : Buffer.from(cursor, "base64url").toString("utf8");
    const rest = this.list().filter(
      (one) => isShown(one) && (after === undefined || byCodeUnits(this.#nameOf(one), after) > 0),
    );
    const items = rest.slice(0, size);
    const last = items.at(-1);
    if (last === undefined || rest.length <= size) return { items };
    return { items, nextCursor: Buffer.from(this.#nameOf(last), "utf8").toString("base64url") };
  }
}

/** Everything that a server offers. */
export interface Offer {
  readonly tools: Shelf<ServedTool>;
  readonly resources: Shelf<ServedResource>;
  readonly templates: Shelf<ServedResourceTemplate>;
  readonly prompts: Shelf<ServedPrompt>;
}

/** Makes an empty {@link Offer}. */
export function createOffer(): Offer {
  return {
    tools: new Shelf<ServedTool>("tool", ({ definition }) => definition.name),
    resources: new Shelf<ServedResource>("resource", ({ definition }) => definition.uri),
    templates: new Shelf<ServedResourceTemplate>(
      "resource template",
      ({ definition }) => definition.uriTemplate,
    ),
    prompts: new Shelf<ServedPrompt>("prompt", ({ definition }) => definition.name),
  };
}
