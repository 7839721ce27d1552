export type { SkillFilesFactory } from "./describe-skill-files.ts";
export { describeSkillFiles } from "./describe-skill-files.ts";
