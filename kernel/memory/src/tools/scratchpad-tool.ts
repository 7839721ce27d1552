import { defineTool, textOutput } from "@tau/tools";
import type { Tool } from "@tau/tools";

import { memoryCall } from "./memory-context.ts";
import type { MemoryToolsOptions } from "./memory-context.ts";
import { openWorkingMemory, scratchpadChars } from "./scratchpad.ts";

interface ScratchpadInput {
  readonly command: "read" | "write" | "append";
  readonly text?: string;
}

/** Makes the tool `scratchpad`: what a session keeps for itself while it works, over compaction and restarts. */
export function createScratchpadTool(options: MemoryToolsOptions): Tool<ScratchpadInput> {
  return defineTool<ScratchpadInput>({
    name: "scratchpad",
    description: `Keeps notes for this session only, at most ${scratchpadChars} characters: {"command": "append", "text": "Tests of the parser pass."}. "write" replaces all of it, "read" shows it. It stays when older messages are left out.`,
    input: {
      type: "object",
      properties: {
        command: { type: "string", enum: ["read", "write", "append"] },
        text: { type: "string", maxLength: scratchpadChars },
      },
      required: ["command"],
      oneOf: [
        { properties: { command: { const: "read" } } },
        { properties: { command: { enum: ["write", "append"] } }, required: ["text"] },
      ],
      additionalProperties: false,
    },
    // A change names the call that makes it, and is made once.
    sideEffect: "idempotent",
    async execute({ command, text = "" }, context) {
      const { memory, label, signal, event } = memoryCall(options, context);
      const working = openWorkingMemory(memory.store, context.call.sessionId ?? "unknown");
      if (command === "read") {
        const kept = await working.read(signal);
        return kept.text === ""
          ? textOutput("The scratchpad is empty.")
          : textOutput(kept.text, { label: kept.label });
      }
      const chars = await working.write({ text, append: command === "append", label, key: event }, signal);
      return textOutput(`The scratchpad has ${chars} of ${scratchpadChars} characters.`);
    },
  });
}
