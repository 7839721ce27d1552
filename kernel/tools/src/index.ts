export type { Access } from "./access.ts";
export type { Artifact, ArtifactStore } from "./artifact-store.ts";
export type {
  Environment,
  EnvironmentInfo,
  EnvironmentProfile,
  ExecRequest,
  ExecResult,
  FileStat,
  WriteFileOptions,
} from "./environment.ts";
export type { FileLedger } from "./file-ledger.ts";
export { createFileLedger } from "./file-ledger.ts";
export type { Decision, EffectRequest, PermissionPolicy } from "./permission.ts";
export type { Tool, ToolContext, ToolOutput, ValidatedInput } from "./tool.ts";
