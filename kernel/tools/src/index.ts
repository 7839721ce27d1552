export type { Access } from "./access.ts";
export type { PythonToolOptions } from "./python/python-tool.ts";
export { createPythonTool } from "./python/python-tool.ts";
export type { Artifact, ArtifactStore } from "./artifact-store.ts";
export type {
  Environment,
  EnvironmentInfo,
  EnvironmentProfile,
  ExecRequest,
  ExecResult,
  FileStat,
  Transaction,
  Transactions,
  NetworkAccess,
  RunningProcess,
  StartRequest,
  TerminalSize,
  WriteFileOptions,
} from "./environment.ts";
export type { FileLedger } from "./file-ledger.ts";
export { createFileLedger } from "./file-ledger.ts";
export type { CommandStdio, CommandStreams } from "./host/command-stdio.ts";
export { commandVariables, programPathOf } from "./host/command-variables.ts";
export type { HostEnvironmentOptions, OwnedEnvironment } from "./host/create-host-environment.ts";
export type { AnchoredDirectory } from "./host/anchored-directory.ts";
export { openDirectory } from "./host/anchored-directory.ts";
export type { GitPublishOptions } from "./git/git-publish-tool.ts";
export { gitTools } from "./git/git-tools.ts";
export type { GitIdentity } from "./git/git-write-tool.ts";
export { createHostEnvironment, realWorkspace, workingDirectory } from "./host/create-host-environment.ts";
export type { GuardedFiles } from "./host/guarded-files.ts";
export { createGuardedFiles } from "./host/guarded-files.ts";
export { defaultProtectedPaths, defaultSecretPaths, isSecretFileName } from "./host/guarded-paths.ts";
export { killMarkedProcesses, killQuietly, markerVariable } from "./host/marked-processes.ts";
export type { PathPolicy } from "./host/path-policy.ts";
export { assertReadable, assertWritable, isBelow, isWithin } from "./host/path-policy.ts";
export type { PipePool } from "./host/pipe-pool.ts";
export { createPipePool } from "./host/pipe-pool.ts";
export { profileHash } from "./host/profile-hash.ts";
export type { Protection, PutAside, Watched } from "./host/protected-paths.ts";
export { enforceProtection, foldersTo, planProtection } from "./host/protected-paths.ts";
export type { SecretFinder } from "./host/find-secret-files.ts";
export { createSecretFinder } from "./host/find-secret-files.ts";
export type { SharedProtection } from "./host/shared-protection.ts";
export { reportPutAside, shareProtection } from "./host/shared-protection.ts";
export type { ProcessRequest } from "./host/run-process.ts";
export { runProcess } from "./host/run-process.ts";
export type { EffectRequest, PermissionPolicy } from "./permission.ts";
export type { CallEffect } from "./permissions/call-effect.ts";
export { isGuess } from "./permissions/decide-effect.ts";
export type { Decision } from "./permissions/decision.ts";
export { effectsOfCall } from "./permissions/effects-of-call.ts";
export type { GatePass, GateRequest, NetworkGate, ShownFile } from "./network-gate.ts";
export type { RunningSet } from "./host/running-set.ts";
export { createRunningSet } from "./host/running-set.ts";
export type { ProcessControl, SpawnedProcess, StartedProcess, StartOptions } from "./host/start-process.ts";
export { hasInput, spawnProcess, startProcess } from "./host/start-process.ts";
export { resizeTerminal, terminalCommand } from "./host/terminal-command.ts";
export type { ExecutedFile } from "./permissions/executed-file.ts";
export type { FindOptions as FindExecutedFilesOptions } from "./permissions/find-executed-files.ts";
export { findExecutedFiles } from "./permissions/find-executed-files.ts";
export type { ExplainedRule } from "./permissions/explained-rule.ts";
export type {
  ConsideredRule,
  EffectDecision,
  ExplainedLayer,
  Explanation,
} from "./permissions/explanation.ts";
export { contentDigest } from "./permissions/content-digest.ts";
export type { ActiveGrant } from "./permissions/grant.ts";
export { meetProfiles } from "./permissions/meet-profiles.ts";
export { childPolicy, planPolicy, planProfile } from "./permissions/plan-mode.ts";
export { meetPolicies } from "./permissions/meet-policies.ts";
export type { ExplainingPolicy, PermissionPolicyOptions } from "./permissions/permission-policy.ts";
export { createPermissionPolicy } from "./permissions/permission-policy.ts";
export type { ProgramPin } from "./permissions/program-pin.ts";
export { renderExplanation } from "./permissions/render-explanation.ts";
export type { PermissionLayer, PermissionRule, PermissionRules, Verdict } from "./permissions/rule.ts";
export type { RuleLayer, RuleOrigin } from "./permissions/rule-layer.ts";
export type { DriverReport, SandboxDriver } from "./sandbox-driver.ts";
export type {
  PersonReply,
  Tool,
  ToolCache,
  ToolCaller,
  ToolContext,
  ToolOutput,
  ToolQuestion,
  ValidatedInput,
} from "./tool.ts";
export type { ToolRole, ToolViewer } from "./tool-role.ts";
export type { ToolOptions } from "./define-tool.ts";
export { assertToolName, defineTool } from "./define-tool.ts";
export { toolErrorCodes } from "./error-codes.ts";
export { createMemoryArtifactStore } from "./memory-artifact-store.ts";
export type { DataSourceOptions, HttpJsonSourceOptions } from "./modules/data-sources.ts";
export { createFileSource, createHttpJsonSource, createSqliteSource } from "./modules/data-sources.ts";
export type { DataSource, DatasourceOptions, QueryLimits, QueryResult } from "./modules/datasource-module.ts";
export { createDatasourceModule } from "./modules/datasource-module.ts";
export type { FolderSourceOptions } from "./modules/folder-source.ts";
export { createFolderSource } from "./modules/folder-source.ts";
export type { KnowledgeDocument, KnowledgeOptions, KnowledgeSource } from "./modules/knowledge-module.ts";
export { createKnowledgeModule } from "./modules/knowledge-module.ts";
export type { Module } from "./modules/module.ts";
export type { ModuleRegistry } from "./modules/module-registry.ts";
export { createModuleRegistry } from "./modules/module-registry.ts";
export { createPlanningModule } from "./modules/planning-module.ts";
export type { PreparedCall, PrepareOptions, ReadyCall, RefusedCall } from "./prepare-call.ts";
export type { ToolRun } from "./run-call.ts";
export type { ToolInputSchema } from "./tool-input.ts";
export type { ToolAnswer } from "./tool-output.ts";
export { textOutput } from "./tool-output.ts";
export type { ToolRegistry, ToolRegistryOptions } from "./tool-registry.ts";
export { createToolRegistry } from "./tool-registry.ts";
export type { ToolSearchOptions } from "./search/shown-tools.ts";
export type { WordField, WordIndex, WordMatch } from "./search/word-index.ts";
export { createWordIndex } from "./search/word-index.ts";
export type { ToolSet } from "./tool-set.ts";
export type { BashOptions } from "./builtin/bash-tool.ts";
export { createBashTool } from "./builtin/bash-tool.ts";
export type { ProgramRule } from "./builtin/program-rule.ts";
export { interactivePrograms } from "./builtin/program-rule.ts";
export { createJobTools } from "./jobs/job-tools.ts";
export { createTerminalTool } from "./jobs/terminal-tool.ts";
export type { BuiltInOptions } from "./builtin/built-in-tools.ts";
export { builtInTools } from "./builtin/built-in-tools.ts";
export { agentToolAliases } from "./alias/agent-tool-aliases.ts";
export type { ToolAlias, ToolAliases } from "./alias/tool-alias.ts";
export { createApplyPatchTool } from "./dialect/apply-patch-tool.ts";
export type { EditDialect } from "./dialect/edit-dialect.ts";
export { editDialectOf } from "./dialect/edit-dialect.ts";
export { createStrReplaceTool } from "./dialect/str-replace-tool.ts";
export { createNotebookEditTool } from "./builtin/notebook-edit-tool.ts";
export { createEditTool } from "./builtin/edit-tool.ts";
export { createGlobTool } from "./builtin/glob-tool.ts";
export { createGrepTool } from "./builtin/grep-tool.ts";
export { createReadTool } from "./builtin/read-tool.ts";
export type { ReadOptions } from "./builtin/read-tool.ts";
export type { DocumentReader, DocumentRequest, DocumentText } from "./document-reader.ts";
export type { RipgrepOptions } from "./builtin/search-programs.ts";
export type { FileDiff } from "./builtin/file-diff.ts";
export { diffOf } from "./builtin/file-diff.ts";
export { createAskUserTool } from "./person/ask-user-tool.ts";
export { createIdleTool } from "./person/idle-tool.ts";
export { createNotifyTool } from "./person/notify-tool.ts";
export type { TodoItem } from "./person/todo-tool.ts";
export { createTodoTool } from "./person/todo-tool.ts";
export { createWriteTool } from "./builtin/write-tool.ts";
export { createReadUntrustedTool } from "./flow/read-untrusted-tool.ts";
export { createReader } from "./flow/reader.ts";
export type { Reader, ReaderModel, ReaderRequest } from "./flow/reader.ts";
export { assertSeesPictures } from "./hide-unseen.ts";
export { deniedResult, errorResult } from "./error-result.ts";
export type { FileChange, TransactionStatus, TransactionSummary, WriteSet } from "./write-set.ts";
export type { CollectedCommand } from "./collect-command.ts";
export { collectCommand } from "./collect-command.ts";
