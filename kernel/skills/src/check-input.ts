import { TauError } from "@tau/core";
import type { JsonObject, JsonSchema } from "@tau/core";
import { defineTool } from "@tau/tools";

/** Checks what a skill is given, as the arguments of a tool are. @throws TauError `skill.invalid_input` */
export async function checkInput(skill: string, schema: JsonSchema, input: JsonObject): Promise<void> {
  const { validate } = defineTool({
    name: "skill_input",
    description: "",
    input: schema,
    sideEffect: "pure",
    execute: () => "",
  });
  const result = await validate(input);
  if (result.ok) return;
  throw new TauError(
    "skill.invalid_input",
    `The input of skill "${skill}" is not right: ${result.issues.join("; ")}. Correct it and call again.`,
  );
}
