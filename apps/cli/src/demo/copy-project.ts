import { cp, mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What the demo is made of: the project with the bug, and what the scripted model says. */
export const demoFolder: URL = new URL("../../demo/", import.meta.url);

/** A copy of the project, and another one beside it to compare with. */
export interface DemoProject {
  readonly workspace: string;
  readonly original: string;
}

/** Copies the project to a new temporary folder, which stays: a person may want to look at it. */
export async function copyProject(): Promise<DemoProject> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "tau-demo-")));
  const source = fileURLToPath(new URL("project", demoFolder));
  const [workspace, original] = [join(folder, "project"), join(folder, "original")];
  await cp(source, workspace, { recursive: true });
  await cp(source, original, { recursive: true });
  return { workspace, original };
}
