export { skillErrorCodes } from "./error-codes.ts";
export type { SkillFile, SkillFiles, SkillListing } from "./skill-files.ts";
export { skillLimits } from "./skill-files.ts";
export { createFolderFiles } from "./folder-files.ts";
export { createMemoryFiles } from "./memory-files.ts";
export type { Skill, SkillFault } from "./skill.ts";
export { loadSkill } from "./load-skill.ts";
export type { SkillReport } from "./validate-skill.ts";
export { validateSkill } from "./validate-skill.ts";
export type {
  DiscoverOptions,
  FoundSkill,
  SkillLevel,
  SkillRoot,
  SkillSet,
  SkillStatus,
} from "./discover-skills.ts";
export { discoverSkills } from "./discover-skills.ts";
export type { SkillHashes } from "./hash-skill.ts";
export { withHashes } from "./hash-skill.ts";
export type { SkillChanges, SkillLock } from "./skill-lock.ts";
export {
  compareSkill,
  describeChanges,
  parseSkillLock,
  renderSkillLock,
  skillLockBytes,
  skillLockName,
} from "./skill-lock.ts";
export { lockSkills } from "./lock-skills.ts";
export type { SkillCatalog } from "./skill-catalog.ts";
export { renderSkillCatalog } from "./skill-catalog.ts";
export type { SkillMatch, SkillMatcher } from "./skill-matcher.ts";
export { createSkillMatcher } from "./skill-matcher.ts";
export type { SkillInUse, SkillsRun } from "./skills-in-use.ts";
export { narrowToSkills, skillsInUse, skillToolName } from "./skills-in-use.ts";
export type { SkillToolOptions } from "./skill-tool.ts";
export { createSkillTool } from "./skill-tool.ts";
export type {
  AgentTask,
  SkillAnswer,
  SkillBackend,
  SkillEvent,
  SkillHost,
  SkillQuestion,
  SkillRequirements,
  SkillRun,
} from "./skill-backend.ts";
export type { SkillOptions } from "./define-skill.ts";
export { defineSkill } from "./define-skill.ts";
export type { SkillRunToolOptions } from "./skill-run-tool.ts";
export { createSkillRunTool, skillRunToolName } from "./skill-run-tool.ts";
export type { OutcomeCase, OutcomeCheck, SkillEvals, TriggerCase } from "./evals/read-evals.ts";
export { readEvals } from "./evals/read-evals.ts";
export type { TriggerOutcome, TriggerReport } from "./evals/test-triggers.ts";
export { testTriggers } from "./evals/test-triggers.ts";
export { createSkillScriptTool, skillScriptToolName } from "./skill-script-tool.ts";
export { allowedToolsPolicy } from "./allowed-tools.ts";
