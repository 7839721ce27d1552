import { isJsonObject, TauError } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import {
  acquisitionModes,
  fallbackPolicies,
  freshnesses,
  importances,
  knowledgeCategories,
  sensitivities,
} from "./requirement.ts";
import type { KnowledgeRequirement } from "./requirement.ts";

/** More than so many are a questionnaire, not a gate. */
const maxRequirements = 200;

/**
 * Reads requirements that somebody wrote: `{"requirements": [{"id": …, "description": …}]}`, or the list itself. Everything
 * but id and description has a default: asked of the user, of high importance, fully needed, not known.
 *
 * @throws TauError `readiness.invalid`, with every fault
 */
export function parseRequirements(json: Json): readonly KnowledgeRequirement[] {
  const list = isJsonObject(json) ? json["requirements"] : json;
  if (!Array.isArray(list)) throw invalid(["There is no list of requirements."]);
  if (list.length > maxRequirements) throw invalid([`There are more than ${maxRequirements} requirements.`]);
  const faults: string[] = [];
  const requirements = list.map((item, index) => {
    const reader = createFields(isJsonObject(item) ? item : {}, `requirements[${index}]`, faults);
    if (!isJsonObject(item)) faults.push(`requirements[${index}] is no object.`);
    return toRequirement(reader);
  });
  const ids = requirements.map(({ id }) => id);
  for (const id of new Set(ids.filter((one, index) => ids.indexOf(one) !== index)))
    faults.push(`The id ${JSON.stringify(id)} is there more than once.`);
  if (faults.length > 0) throw invalid(faults);
  return requirements;
}

function toRequirement(fields: Fields): KnowledgeRequirement {
  const [value, validUntil, lastVerifiedAt] = [
    fields.optionalText("value"),
    fields.optionalText("validUntil"),
    fields.optionalText("lastVerifiedAt"),
  ];
  const requirement: KnowledgeRequirement = {
    id: fields.text("id"),
    description: fields.text("description"),
    requiredFor: fields.texts("requiredFor"),
    category: fields.oneOf("category", knowledgeCategories, "domain_specific"),
    acquisitionMode: fields.oneOf("acquisitionMode", acquisitionModes, "ask_user"),
    importance: fields.oneOf("importance", importances, "high"),
    freshness: fields.oneOf("freshness", freshnesses, "static"),
    sensitivity: fields.oneOf("sensitivity", sensitivities, "private"),
    confidenceNeeded: fields.share("confidenceNeeded", 1),
    currentConfidence: fields.share("currentConfidence", 0),
    evidenceIds: fields.texts("evidenceIds"),
    fallbackPolicy: fields.oneOf("fallbackPolicy", fallbackPolicies, "ask"),
    ...(value === undefined ? {} : { value }),
    ...(validUntil === undefined ? {} : { validUntil }),
    ...(lastVerifiedAt === undefined ? {} : { lastVerifiedAt }),
  };
  fields.rejectOthers(Object.keys({ ...requirement, value, validUntil, lastVerifiedAt }));
  if (requirement.sensitivity === "secret" && value !== undefined)
    fields.fault("value must not be there: a secret belongs in no file; say where it is kept");
  return requirement;
}

interface Fields {
  text(key: string): string;
  optionalText(key: string): string | undefined;
  texts(key: string): readonly string[];
  oneOf<Word extends string>(key: string, words: readonly Word[], otherwise: Word): Word;
  share(key: string, otherwise: number): number;
  rejectOthers(known: readonly string[]): void;
  fault(text: string): void;
}

function createFields(item: JsonObject, place: string, faults: string[]): Fields {
  const fault = (text: string): void => {
    faults.push(`${place}.${text}.`);
  };
  const optionalText = (key: string): string | undefined => {
    const value = item[key];
    if (value === undefined || (typeof value === "string" && value.length <= 2_000)) return value;
    fault(`${key} must be a text of at most 2,000 characters`);
    return undefined;
  };
  return {
    fault,
    optionalText,
    text(key) {
      const value = optionalText(key) ?? "";
      if (value.trim() === "") fault(`${key} is missing`);
      return value;
    },
    texts(key) {
      const value = item[key] ?? [];
      if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
      fault(`${key} must be a list of texts`);
      return [];
    },
    oneOf(key, words, otherwise) {
      const value = item[key];
      if (value === undefined) return otherwise;
      const word = words.find((one) => one === value);
      if (word === undefined) fault(`${key} must be one of ${words.join(", ")}`);
      return word ?? otherwise;
    },
    share(key, otherwise) {
      const value = item[key] ?? otherwise;
      if (typeof value === "number" && value >= 0 && value <= 1) return value;
      fault(`${key} must be a number from 0 to 1`);
      return otherwise;
    },
    rejectOthers(known) {
      for (const key of Object.keys(item))
        if (!known.includes(key)) fault(`${key} is no field of a requirement`);
    },
  };
}

function invalid(faults: readonly string[]): TauError {
  return new TauError(
    "readiness.invalid",
    `The requirements cannot be used: ${faults.slice(0, 20).join(" ")}`,
  );
}
