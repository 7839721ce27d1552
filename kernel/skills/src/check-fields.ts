import type { SkillFault } from "./skill.ts";

const known = ["name", "description", "license", "compatibility", "metadata", "allowed-tools"];
const maxName = 64;
const maxDescription = 1_024;
const maxCompatibility = 500;

/** Every way in which the keys of a front matter break the Agent Skills specification. */
export function checkFields(fields: ReadonlyMap<string, unknown>, folder: string): readonly SkillFault[] {
  return [
    ...checkName(fields.get("name"), folder),
    ...checkDescription(fields.get("description")),
    ...checkText(fields, "license"),
    ...checkText(fields, "compatibility", maxCompatibility),
    ...checkMetadata(fields.get("metadata")),
    ...checkAllowedTools(fields.get("allowed-tools")),
    ...[...fields.keys()].filter((key) => !known.includes(key)).map(unknownKey),
  ];
}

function checkName(value: unknown, folder: string): readonly SkillFault[] {
  const field = "name";
  if (typeof value !== "string" || value.trim() === "")
    return [{ field, reason: "is missing or not a text", fix: `Write "name: ${folder}".` }];
  const name = value.trim().normalize("NFKC");
  const faults: SkillFault[] = [];
  const add = (reason: string, fix: string): number => faults.push({ field, reason, fix });
  if (lengthOf(name) > maxName)
    add(`has ${lengthOf(name)} characters, more than ${maxName}`, "Shorten it, and the folder's name.");
  if (name !== name.toLowerCase()) add("has capital letters", "Write it in lower case.");
  if (name.startsWith("-") || name.endsWith("-"))
    add("begins or ends with a hyphen", "Take the hyphen away.");
  if (name.includes("--")) add("has two hyphens in a row", "Use one.");
  if (!/^[\p{L}\p{N}-]+$/u.test(name))
    add("has other characters than letters, digits and hyphens", "Replace them by hyphens.");
  if (name !== folder.normalize("NFKC"))
    add(`is not the name of its folder, ${JSON.stringify(folder)}`, "Rename the folder or the skill.");
  return faults;
}

function checkDescription(value: unknown): readonly SkillFault[] {
  const field = "description";
  if (typeof value !== "string" || value.trim() === "")
    return [
      { field, reason: "is missing or not a text", fix: "Say what the skill does and when to use it." },
    ];
  return tooLong(field, value, maxDescription);
}

function checkText(fields: ReadonlyMap<string, unknown>, field: string, max?: number): readonly SkillFault[] {
  if (!fields.has(field)) return [];
  const value = fields.get(field);
  if (typeof value !== "string")
    return [{ field, reason: "is not a text", fix: "Write one text after the colon." }];
  return max === undefined ? [] : tooLong(field, value, max);
}

function checkMetadata(value: unknown): readonly SkillFault[] {
  if (value === undefined) return [];
  const field = "metadata";
  if (!(value instanceof Map))
    return [{ field, reason: "is not a mapping", fix: "Write keys with texts, indented, below it." }];
  return [...value].flatMap(([key, item]: [unknown, unknown]) =>
    typeof item === "string"
      ? []
      : [
          {
            field: `metadata.${String(key)}`,
            reason: "is not a text",
            fix: "Write one text after the colon.",
          },
        ],
  );
}

function checkAllowedTools(value: unknown): readonly SkillFault[] {
  const isList = Array.isArray(value) && value.every((item) => typeof item === "string");
  if (value === undefined || typeof value === "string" || isList) return [];
  const fix = 'Write "Read Bash(git:*)", or a list of such names.';
  return [{ field: "allowed-tools", reason: "is neither a text nor a list of texts", fix }];
}

function unknownKey(field: string): SkillFault {
  const fix =
    field === "triggers"
      ? 'Tau reads it; for other programs write "Triggers: …" in the description, or "triggers" below metadata.'
      : "Put it below metadata, as a text, or take it away.";
  return { field, reason: `is no key of the specification, which has ${known.join(", ")}`, fix };
}

function tooLong(field: string, value: string, max: number): readonly SkillFault[] {
  const length = lengthOf(value);
  if (length <= max) return [];
  return [
    { field, reason: `has ${length} characters, more than ${max}`, fix: "Shorten it; the body has room." },
  ];
}

/** In characters as people count them, not in UTF-16 units. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}
