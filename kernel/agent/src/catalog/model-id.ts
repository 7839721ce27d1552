/** Longer ids are not looked at. */
const maxLength = 200;

const shape = /^[A-Za-z0-9._/@:-]+$/;

/**
 * Takes the spaces around a model's id away. Undefined when nothing is left or no provider could mean it: other
 * characters than `A-Z a-z 0-9 . _ / @ : -`, or more than 200 of them.
 */
export function cleanModelId(id: unknown): string | undefined {
  if (typeof id !== "string") return undefined;
  const trimmed = id.trim();
  return trimmed.length <= maxLength && shape.test(trimmed) ? trimmed : undefined;
}

/** How ids are compared: case does not count, and `4.5` is `4-5`. */
export function idKey(id: string): string {
  return id.toLowerCase().replace(/(?<=\d)\.(?=\d)/g, "-");
}

/**
 * The ids that one id may stand for, the surest first: itself, then without the path of a resource, the region
 * and vendor of Bedrock, the variant or quantization behind a colon, and the date of a version.
 */
export function idForms(id: string): readonly string[] {
  const forms = new Set<string>();
  // `models/x`, `publishers/google/models/x`, `accounts/fireworks/models/x`.
  const bare = id.replace(/^(?:.*\/)?models\//, "");
  const bedrock = bare
    .replace(/^(?:(?:us|eu|apac|jp|au|ca|us-gov|global)\.)?(?:anthropic|openai|moonshot|deepseek)\./, "")
    .replace(/-v\d+(?::\d+)?$/, "");
  for (const form of [id, bare, bedrock]) {
    for (const untagged of [form, withoutTag(form)]) {
      forms.add(untagged);
      forms.add(withoutVersion(untagged));
    }
  }
  return [...forms];
}

/** `x:latest` and OpenRouter's variants are `x`; `x:8b-q4_K_M` is `x:8b`. Another tag names another model. */
function withoutTag(id: string): string {
  const plain = id.replace(/:(?:latest|free|nitro|floor|online|exacto|extended|thinking)$/, "");
  return plain.replace(/(:\d[\w.]*?b)-[\w.-]+$/i, "$1");
}

/** `x-20250929`, `x-2025-12-11`, `x@20250929` and `x@default` are `x`. */
function withoutVersion(id: string): string {
  return id.replace(/(?:[-@]20\d{6}|-20\d\d-\d\d-\d\d|@default|@latest)$/, "");
}
