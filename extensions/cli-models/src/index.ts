export { createClaudeCli } from "./claude/claude-cli.ts";
export type { CliModel } from "./cli-model.ts";
export type { CodexCliOptions } from "./codex/codex-cli.ts";
export { createCodexCli } from "./codex/codex-cli.ts";
export type { CliModelErrorCode } from "./error-codes.ts";
export { cliModelErrorCodes } from "./error-codes.ts";
export { createGeminiCli } from "./gemini/gemini-cli.ts";
export type { CliHome, CliLimits, CliModelOptions } from "./options.ts";
