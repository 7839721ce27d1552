import type { ModelRequest } from "@tau/agent";
import { modelError } from "@tau/agent/adapter";
import type { ImagePart, JsonObject } from "@tau/core";

import { textOnly } from "../capabilities.ts";
import type { CliInvocation, CliProtocol } from "../cli-protocol.ts";
import { toPrompt } from "../conversation.ts";
import type { CallFolder } from "../home.ts";
import { ClaudeReader } from "./reader.ts";
import { toCommandName, writeShelfConfig } from "./shelf-config.ts";

/**
 * The command looks for file names (`@file`) and commands (`/name`) in the last block of a prompt, and puts the
 * files it finds into the request. So the last block is never anything that somebody else wrote.
 */
const lastBlock = { type: "text", text: "(End of the prompt.)" };

/** Nothing is read, run or asked for, even if the command should offer it. */
const settings = {
  permissions: { deny: ["Read", "Edit", "Write", "Bash", "WebFetch", "WebSearch", "Agent"] },
  disableAllHooks: true,
};

/** One question in, the provider's events out; no tools of its own, nor servers or instructions of the user's. */
const options = [
  "--print",
  "--input-format=stream-json",
  "--output-format=stream-json",
  "--include-partial-messages",
  "--verbose",
  "--tools=",
  "--strict-mcp-config",
  "--setting-sources=",
  "--disable-slash-commands",
  "--no-session-persistence",
];

const variables = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  ENABLE_TOOL_SEARCH: "false", // Every tool is shown at once.
  CLAUDE_CODE_MAX_RETRIES: "0", // The layers around the model repeat calls.
  DISABLE_AUTOUPDATER: "1",
};

/** The `claude` command in print mode. */
export function claudeProtocol(model: string): CliProtocol {
  return {
    command: "claude",
    provider: "claude-cli",
    login: "claude auth login",
    install: "npm install --global @anthropic-ai/claude-code",
    capabilities: {
      ...textOnly,
      tools: "yes",
      parallelTools: "yes",
      reasoning: "yes",
      promptCache: "implicit_prefix",
      input: { ...textOnly.input, image: "yes" },
    },
    invoke: (request, folder) => invoke(model, request, folder),
    createReader: (identity) => new ClaudeReader(identity),
  };
}

async function invoke(model: string, request: ModelRequest, folder: CallFolder): Promise<CliInvocation> {
  if (request.outputSchema !== undefined) {
    throw modelError(
      "model.unsupported_content",
      { provider: "claude-cli", model },
      { sentence: "cannot be held to an output schema" },
    );
  }
  const { reasoning, maxOutputTokens } = request;
  const tools = request.toolChoice === "none" ? [] : request.tools;
  const system = await folder.write("system.md", request.system ?? "");
  const settingsFile = await folder.write("settings.json", JSON.stringify(settings));
  return {
    args: [
      ...options,
      "--settings",
      settingsFile,
      "--system-prompt-file",
      system,
      ...(tools.length === 0
        ? []
        : ["--mcp-config", await writeShelfConfig(tools, folder), "--allowedTools=mcp__tau"]),
      ...(model === "default" ? [] : ["--model", model]),
      ...(reasoning === undefined || reasoning === "none" ? [] : ["--effort", reasoning]),
    ],
    env: {
      ...variables,
      ...(reasoning === "none" ? { MAX_THINKING_TOKENS: "0" } : {}),
      ...(maxOutputTokens === undefined ? {} : { CLAUDE_CODE_MAX_OUTPUT_TOKENS: String(maxOutputTokens) }),
    },
    stdin: `${JSON.stringify(toUserLine(request))}\n`,
  };
}

function toUserLine({ messages }: ModelRequest): JsonObject {
  const { text, images } = toPrompt(messages, toCommandName);
  const content = [{ type: "text", text }, ...images.map(toImageBlock), lastBlock];
  return { type: "user", message: { role: "user", content } };
}

function toImageBlock({ mediaType, source }: ImagePart): JsonObject {
  return {
    type: "image",
    source:
      source.kind === "url"
        ? { type: "url", url: source.url }
        : { type: "base64", media_type: mediaType, data: source.data },
  };
}
