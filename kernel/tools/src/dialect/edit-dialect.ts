/**
 * How a model edits files:
 * - `edit`: `edit` and `write`
 * - `apply_patch`: OpenAI's patches, with `write`
 * - `str_replace`: Anthropic's `str_replace_based_edit_tool`, with `write`
 */
export type EditDialect = "edit" | "apply_patch" | "str_replace";

const taught: readonly (readonly [RegExp, EditDialect])[] = [
  [/^(?:openai\/)?(?:gpt-(?:4\.1|5)|codex|o[34])/u, "apply_patch"],
  [/claude/u, "str_replace"],
];

/** The dialect that a model was taught, by its id; `edit` for all others. */
export function editDialectOf({ id }: { readonly id: string }): EditDialect {
  return taught.find(([pattern]) => pattern.test(id.toLowerCase()))?.[1] ?? "edit";
}
