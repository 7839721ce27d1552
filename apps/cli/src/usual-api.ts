import type { apis } from "./config-file.ts";

/** A model, and where it is asked for. */
export interface AskedModel {
  readonly provider: string;
  readonly baseUrl: string | undefined;
  readonly id: string;
}

/**
 * Which of OpenAI's protocols a model is asked in where nobody says: chat, which everybody speaks. OpenAI itself answers by Responses
 * alone for models that think for long and for those of Codex; by chat they are a 404 (developers.openai.com, November 2026).
 * Whatever stands at another address under OpenAI's name may have other models, and know no Responses.
 */
export function usualApi({ provider, baseUrl = "", id }: AskedModel): (typeof apis)[number] {
  const isOpenAi =
    provider === "openai" && /^https:\/\/(?:[a-z]+\.)?api\.openai\.com(?:[:/]|$)/u.test(baseUrl);
  return isOpenAi && /(?:^|-)(?:pro|codex|deep-research)(?:-|$)/u.test(id) ? "responses" : "chat";
}
