import { TauError } from "@tau/core";

import { layerOrder } from "./layer-order.ts";
import type { Layer } from "./layer.ts";

/**
 * Checks that layers, listed from the outside in, follow {@link layerOrder} and that none is there twice.
 *
 * @throws TauError `pipeline.wrong_order`
 */
export function checkOrder(layers: readonly Layer[]): void {
  for (const [index, inner] of layers.entries()) {
    const outer = layers[index - 1];
    if (outer === undefined || placeOf(outer) < placeOf(inner)) continue;
    throw outer.name === inner.name || layers.slice(0, index).some(({ name }) => name === inner.name)
      ? twice(inner, layers.slice(0, index))
      : wrongOrder(outer, inner);
  }
}

function placeOf({ name }: Layer): number {
  return layerOrder.indexOf(name);
}

function wrongOrder(outer: Layer, inner: Layer): TauError {
  return new TauError(
    "pipeline.wrong_order",
    `Layer "${inner.name}" stands inside of "${outer.name}", but must be outside of it: add "${inner.name}" before "${outer.name}". The order is ${layerOrder.join(", ")}.`,
    { details: { outer: outer.name, inner: inner.name } },
  );
}

function twice(layer: Layer, before: readonly Layer[]): TauError {
  const between = before.at(-1)?.name ?? layer.name;
  const where = between === layer.name ? "" : `, the second time inside of "${between}"`;
  return new TauError(
    "pipeline.wrong_order",
    `Layer "${layer.name}" is there twice${where}: remove one "${layer.name}".`,
    { details: { outer: between, inner: layer.name } },
  );
}
