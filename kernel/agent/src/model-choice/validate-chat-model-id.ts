import { getModels } from "../model-list/get-models.ts";
import { isTauError, TauError } from "@tau/core";

import type { ApiKey } from "../api-key.ts";
import { cleanModelId } from "../catalog/model-id.ts";

/** A model that may be asked for. */
export interface KnownModel {
  readonly id: string;
  readonly aliases?: readonly string[];
  /** Makes `provider/id` another name of it. */
  readonly provider?: string;
}

/** Every id by which a model may be asked for. */
export function namesOf({ id, aliases = [], provider }: KnownModel): readonly string[] {
  return [id, ...aliases, ...(provider === undefined ? [] : [`${provider}/${id}`])];
}

/** Options of {@link validateChatModelId}. Without any of the first three, no id is valid. */
export interface ValidateModelIdOptions {
  /** Ids that need no list. */
  readonly allowlist?: readonly string[];
  /** Tells which models there are. */
  readonly loadModels?: (signal: AbortSignal) => Promise<readonly KnownModel[]>;
  /** Whose list is asked when `loadModels` is not given; see `resolveRouterBaseUrl()`. */
  readonly routerBaseUrl?: string;
  readonly apiKey?: ApiKey;
  readonly signal?: AbortSignal;
}

/** Whether an id may be used, and why not. */
export type ModelIdVerdict =
  | { readonly succeeded: true; readonly model: string; readonly source: "allowlist" | "models" }
  | { readonly succeeded: false; readonly error: TauError };

/**
 * Tells whether an id that came from outside may be used. Fails closed: an id that cannot be looked up is not
 * valid. The error is `choice.invalid_id`, `choice.not_allowed` or `choice.list_unavailable`.
 */
export async function validateChatModelId(
  id: unknown,
  options: ValidateModelIdOptions,
): Promise<ModelIdVerdict> {
  const model = cleanModelId(id);
  if (model === undefined) return invalid();
  if (options.allowlist?.includes(model) === true) return { succeeded: true, model, source: "allowlist" };
  const signal = options.signal ?? new AbortController().signal;
  try {
    const models = await loaderOf(options)?.(signal);
    return models?.some((known) => namesOf(known).includes(model)) === true
      ? { succeeded: true, model, source: "models" }
      : notAllowed(model);
  } catch (error) {
    signal.throwIfAborted();
    return unavailable(error);
  }
}

function loaderOf({ loadModels, routerBaseUrl, apiKey }: ValidateModelIdOptions) {
  if (loadModels !== undefined || routerBaseUrl === undefined) return loadModels;
  return async (signal: AbortSignal): Promise<readonly KnownModel[]> => {
    const baseUrl = /\/v\d+\/*$/.test(routerBaseUrl)
      ? routerBaseUrl
      : `${routerBaseUrl.replace(/\/+$/, "")}/v1`;
    const key = apiKey === undefined ? {} : { apiKey };
    return (await getModels({ provider: "router", baseUrl, ...key }, signal)).models;
  };
}

function invalid(): ModelIdVerdict {
  const message =
    "This is not a model's id: letters, digits and . _ / @ : - are, 200 at most, such as openai/gpt-5.2.";
  return { succeeded: false, error: new TauError("choice.invalid_id", message) };
}

function notAllowed(model: string): ModelIdVerdict {
  const message = `The model "${model}" is neither allowed nor in the list of models. Choose one that is.`;
  return { succeeded: false, error: new TauError("choice.not_allowed", message, { details: { model } }) };
}

function unavailable(cause: unknown): ModelIdVerdict {
  const message =
    "The list of models could not be read, so no model from outside is accepted. Try again later.";
  const retryable = isTauError(cause) && cause.class !== "permanent" && cause.class !== "auth";
  return {
    succeeded: false,
    error: new TauError("choice.list_unavailable", message, {
      class: retryable ? "retryable" : "permanent",
      cause,
    }),
  };
}
