import { relative } from "node:path/posix";

import { defaultProtectedPaths } from "../host/guarded-paths.ts";

/** Folders whose content programs run, or agents obey, by themselves. */
const folders = new Set([
  ".agents",
  ".buildkite",
  ".circleci",
  ".claude",
  ".codex",
  ".cursor",
  ".devcontainer",
  ".gemini",
  ".git",
  ".githooks",
  ".github",
  ".gitlab",
  ".husky",
  ".idea",
  ".tau",
  ".vscode",
  ".windsurf",
]);

/** Files of the same kind, in any folder; lower case. */
const files = new Set([
  ".bash_profile",
  ".bashrc",
  ".cursorrules",
  ".envrc",
  ".gitattributes",
  ".gitconfig",
  ".gitlab-ci.yml",
  ".gitmodules",
  ".mcp.json",
  ".npmrc",
  ".pre-commit-config.yaml",
  ".profile",
  ".ripgreprc",
  ".travis.yml",
  ".windsurfrules",
  ".yarnrc.yml",
  ".zshrc",
  "agents.md",
  "azure-pipelines.yml",
  "binding.gyp",
  "build.rs",
  "claude.md",
  "conftest.py",
  "dockerfile",
  "gemini.md",
  "gnumakefile",
  "jenkinsfile",
  "justfile",
  "lefthook.yml",
  "makefile",
  "mcp.lock",
  "memory.md",
  "package.json",
  "setup.py",
  "sitecustomize.py",
  "skill.md",
  "skills.lock",
  "tau.toml",
]);

/**
 * Tells whether programs, or later sessions, obey a file of the workspace by themselves: hooks, CI files, scripts of
 * packages, instructions for agents, skills, settings. Broad on purpose, whatever the file system thinks of case.
 */
export function isSteeringPath(path: string, workspace: string): boolean {
  const inside = relative(workspace, path).normalize("NFC").toLowerCase();
  const names = inside.split("/");
  return (
    names.some((name) => folders.has(name)) ||
    files.has(names.at(-1) ?? "") ||
    defaultProtectedPaths.some((own) => inside === own || inside.startsWith(`${own}/`))
  );
}
