import { TauError } from "@tau/core";

import { cleanModelId } from "../catalog/model-id.ts";
import { namesOf } from "./validate-chat-model-id.ts";
import type { KnownModel } from "./validate-chat-model-id.ts";

/**
 * A provider's list with the models that somebody configured: those that the list lacks come first, in their order, so that
 * what was set up by hand can be chosen although the provider does not tell of it.
 *
 * @throws TauError `choice.invalid_id` for a configured id that no model could have
 */
export function withConfiguredModels(
  models: readonly KnownModel[],
  configured: readonly string[],
): readonly KnownModel[] {
  const listed = new Set(models.flatMap(namesOf));
  const missing = new Set(configured.map(configuredId).filter((id) => !listed.has(id)));
  return [...Array.from(missing, (id) => ({ id })), ...models];
}

function configuredId(id: string): string {
  const clean = cleanModelId(id);
  if (clean !== undefined) return clean;
  throw new TauError(
    "choice.invalid_id",
    `The configured model ${JSON.stringify(id.slice(0, 200))} is no model's id: letters, digits and . _ / @ : - are, 200 at most.`,
  );
}
