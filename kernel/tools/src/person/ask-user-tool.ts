import { TauError } from "@tau/core";
import type { PersonQuestion } from "@tau/core";

import { defineTool } from "../define-tool.ts";
import type { Tool } from "../tool.ts";

interface AskInput {
  readonly question: string;
  readonly options?: readonly string[];
}

/** Makes the tool by which a model asks a person; the run waits for the answer, for days if need be. */
export function createAskUserTool(): Tool {
  return defineTool<AskInput>({
    name: "ask_user",
    description:
      "Asks the user one question and waits for the answer, however long that takes. Use it only for what you cannot find out and must not guess: a choice of theirs, a missing fact, a doubt about what they want. Give options where you can.",
    input: {
      type: "object",
      properties: {
        question: { type: "string", minLength: 1, maxLength: 4000, description: "One question." },
        options: {
          type: "array",
          minItems: 2,
          maxItems: 10,
          items: { type: "string", minLength: 1, maxLength: 200 },
          description: "Likely answers; the user may give another one.",
        },
      },
      required: ["question"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    effects: [],
    question: ({ question, options }): PersonQuestion =>
      options === undefined ? { text: question } : { text: question, options },
    execute: () => {
      throw new TauError(
        "person.unreachable",
        "Nobody can be asked from here: decide by yourself and say so.",
      );
    },
  });
}
