import type { ModelRequest } from "@tau/agent";
import { modelError } from "@tau/agent/adapter";
import type { ImagePart } from "@tau/core";

import { textOnly } from "../capabilities.ts";
import type { CliInvocation, CliProtocol } from "../cli-protocol.ts";
import { toPrompt } from "../conversation.ts";
import type { CallFolder } from "../home.ts";
import { CodexReader } from "./reader.ts";

/** What would give the model a tool, or somebody else's words. */
const switchedOff = [
  "apps",
  "goals",
  "hooks",
  "image_generation",
  "memories",
  "multi_agent",
  "multi_agent_v2",
  "plugins",
  "shell_snapshot",
  "shell_tool",
  "skill_search",
  "sleep_tool",
  "tool_suggest",
  "unified_exec",
  "view_image",
];

const settings = [
  ...switchedOff.map((feature) => `features.${feature}=false`),
  'web_search="disabled"',
  "tools.experimental_request_user_input={enabled=false}",
  "skills.include_instructions=false",
  "include_environment_context=false",
  "include_permissions_instructions=false",
  "project_doc_max_bytes=0",
  'approval_policy="never"',
  "analytics.enabled=false",
  "check_for_update_on_startup=false",
];

/** Events out, nothing kept, nothing of the user's read but the login. */
const options = [
  "exec",
  "--json",
  "--ephemeral",
  "--skip-git-repo-check",
  "--ignore-user-config",
  "--ignore-rules",
  "--sandbox=read-only",
];

/** The command refuses an empty file of instructions. */
const noInstructions = "Answer the user.";

/** The `codex` command in its `exec` mode. */
export function codexProtocol(model: string, config: readonly string[]): CliProtocol {
  return {
    command: "codex",
    provider: "codex-cli",
    login: "codex login",
    install: "npm install --global @openai/codex",
    capabilities: {
      ...textOnly,
      reasoning: "yes",
      structuredOutput: "strict_schema",
      promptCache: "implicit_prefix",
      input: { ...textOnly.input, image: "yes" },
    },
    invoke: (request, folder) => invoke(model, config, { request, folder }),
    createReader: () => new CodexReader(model),
  };
}

async function invoke(
  model: string,
  config: readonly string[],
  { request, folder }: { readonly request: ModelRequest; readonly folder: CallFolder },
): Promise<CliInvocation> {
  const { outputSchema, reasoning, system = "" } = request;
  const { text, images } = toPrompt(request.messages);
  const instructions = await folder.write("instructions.md", system === "" ? noInstructions : system);
  const own = [
    `model_instructions_file=${JSON.stringify(instructions)}`,
    ...(reasoning === undefined ? [] : [`model_reasoning_effort=${JSON.stringify(reasoning)}`]),
  ];
  const files = await Promise.all(images.map((image, index) => writeImage(image, index, { folder, model })));
  return {
    args: [
      ...options,
      ...[...settings, ...own, ...config].flatMap((setting) => ["--config", setting]),
      ...(model === "default" ? [] : ["--model", model]),
      ...(outputSchema === undefined
        ? []
        : ["--output-schema", await folder.write("schema.json", JSON.stringify(outputSchema.schema))]),
      ...files.map((file) => `--image=${file}`),
      "-",
    ],
    env: {},
    stdin: text,
  };
}

async function writeImage(
  { mediaType, source }: ImagePart,
  index: number,
  { folder, model }: { readonly folder: CallFolder; readonly model: string },
): Promise<string> {
  if (source.kind === "url") {
    throw modelError(
      "model.unsupported_content",
      { provider: "codex-cli", model },
      { sentence: "cannot be sent a picture by its address. Send its bytes" },
    );
  }
  const ending = /^image\/([a-z0-9]{1,10})$/.exec(mediaType)?.[1] ?? "png";
  return await folder.write(`image-${index + 1}.${ending}`, Buffer.from(source.data, "base64"));
}
