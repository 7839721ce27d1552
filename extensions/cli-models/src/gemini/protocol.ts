import type { ModelRequest } from "@tau/agent";
import { modelError } from "@tau/agent/adapter";

import { textOnly } from "../capabilities.ts";
import type { CliInvocation, CliProtocol } from "../cli-protocol.ts";
import { toPrompt } from "../conversation.ts";
import type { ConversationPrompt } from "../conversation.ts";
import type { CallFolder } from "../home.ts";
import { GeminiReader } from "./reader.ts";

/** Denies every tool; the command then does not even offer them to the model. */
const policy = '[[rule]]\ntoolName = "*"\ndecision = "deny"\npriority = 999\n';

/** The administrator's settings, which win over the user's. The command ignores them in a folder that others may write. */
const settings = {
  general: { maxAttempts: 1, retryFetchErrors: false, enableAutoUpdate: false },
  context: { fileName: ["TAU-NONE.md"], includeDirectoryTree: false, discoveryMaxDirs: 0 },
  hooksConfig: { enabled: false },
  skills: { enabled: false },
  telemetry: { enabled: false },
  privacy: { usageStatisticsEnabled: false },
  security: { folderTrust: { enabled: false } },
};

/** The `gemini` command without its screen. */
export function geminiProtocol(model: string): CliProtocol {
  return {
    command: "gemini",
    provider: "gemini-cli",
    login: "gemini",
    install: "npm install --global @google/gemini-cli",
    capabilities: { ...textOnly, reasoning: "yes", promptCache: "implicit_prefix" },
    invoke: (request, folder) => invoke(model, request, folder),
    createReader: () => new GeminiReader(model),
  };
}

async function invoke(model: string, request: ModelRequest, folder: CallFolder): Promise<CliInvocation> {
  const identity = { provider: "gemini-cli", model };
  const prompt = toPrompt(request.messages);
  if (prompt.images.length > 0) {
    throw modelError("model.unsupported_content", identity, { sentence: "cannot be sent pictures" });
  }
  if (request.outputSchema !== undefined) {
    throw modelError("model.unsupported_content", identity, {
      sentence: "cannot be held to an output schema",
    });
  }
  return {
    args: [
      "--output-format=stream-json",
      "--skip-trust",
      "--extensions=none",
      "--allowed-mcp-server-names=none",
      "--policy",
      await folder.write("policy.toml", policy),
      ...(model === "default" ? [] : ["--model", model]),
    ],
    env: {
      GEMINI_SYSTEM_MD: await folder.write("system.md", request.system ?? ""),
      GEMINI_CLI_SYSTEM_SETTINGS_PATH: await folder.write("settings.json", JSON.stringify(settings)),
    },
    stdin: withoutCommands(prompt),
  };
}

/**
 * The command reads `@name` as a file to put in, and `/name` or `?` at the beginning as orders to itself. Such a text
 * goes as JSON, in which those characters can be written in another way.
 */
function withoutCommands({ text, isJson }: ConversationPrompt): string {
  const plain = !text.includes("@") && !/^\s*[/?!]/.test(text);
  if (isJson || plain) return withoutAt(text);
  return `Answer what this JSON string says: ${withoutAt(JSON.stringify(text))}`;
}

function withoutAt(json: string): string {
  return json.replaceAll("@", String.raw`\u0040`);
}
