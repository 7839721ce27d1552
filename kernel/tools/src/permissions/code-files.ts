import { posix } from "node:path";

import { runsFiles } from "./hidden-code.ts";
import type { ShellWord } from "./match-argv.ts";

const shells = /^(?:ba|da|a|k|mk|rba|ya|z)?sh$/;

/** Files by which a project tells a program what to run, by the program. */
const projectFiles: Readonly<Record<string, string>> = {
  bun: "package.json bunfig.toml .npmrc",
  bundle: "Gemfile .bundle/config",
  cargo: "Cargo.toml build.rs .cargo/config.toml rust-toolchain.toml",
  cmake: "CMakeLists.txt",
  composer: "composer.json",
  deno: "deno.json deno.jsonc",
  docker: "Dockerfile compose.yaml compose.yml docker-compose.yml docker-compose.yaml",
  git: ".git/config .git/hooks/pre-commit .git/hooks/post-checkout .git/hooks/pre-push .gitmodules",
  go: "go.mod",
  gradle: "build.gradle build.gradle.kts settings.gradle settings.gradle.kts gradle.properties",
  gradlew:
    "build.gradle build.gradle.kts settings.gradle settings.gradle.kts gradle/wrapper/gradle-wrapper.properties",
  jest: "package.json jest.config.js jest.config.ts jest.config.mjs",
  just: "justfile Justfile .justfile",
  make: "GNUmakefile makefile Makefile",
  mvn: "pom.xml .mvn/extensions.xml",
  node: "package.json",
  npm: "package.json .npmrc",
  npx: "package.json .npmrc",
  pnpm: "package.json .npmrc pnpm-workspace.yaml .pnpmfile.cjs",
  pytest: "conftest.py pyproject.toml pytest.ini tox.ini setup.cfg",
  rake: "Rakefile",
  tox: "tox.ini pyproject.toml",
  tsx: "package.json tsconfig.json",
  vitest: "package.json vitest.config.ts vitest.config.js vite.config.ts vite.config.js",
  yarn: "package.json .npmrc .yarnrc .yarnrc.yml",
};

const scriptRunners = new Set(["npm", "pnpm", "yarn", "bun"]);
const lifeCycle = new Set([
  "test",
  "start",
  "stop",
  "restart",
  "install",
  "ci",
  "prepare",
  "publish",
  "pack",
]);

/** The code that a command executes beside its program, as far as its words tell; paths as the command has them. */
export function codeFilesOf(argv: readonly ShellWord[]): readonly string[] {
  const [program, ...args] = argv.map(({ value }) => value);
  const name = posix
    .basename(program ?? "")
    .slice(0, 64)
    .replace(/-?[\d.]+$/, "");
  const files = Object.hasOwn(projectFiles, name) ? (projectFiles[name] ?? "").split(" ") : [];
  const operands = shells.test(name) || name === "." || name === "source" || runsFiles(name);
  const named = operands
    ? args.flatMap((arg) => (arg === undefined || arg.startsWith("-") ? [] : [arg]))
    : [];
  return [...files, ...named];
}

/** The scripts of a `package.json` that a command runs, as shell source. */
export function packageScripts(argv: readonly ShellWord[], manifest: string): readonly string[] {
  const [program, ...args] = argv.map(({ value }) => value ?? "");
  if (!scriptRunners.has(posix.basename(program ?? ""))) return [];
  const scripts = scriptsIn(manifest);
  const names = args.filter((arg) => Object.hasOwn(scripts, arg) || lifeCycle.has(arg) || arg === "t");
  return names.flatMap((arg) => {
    const name = arg === "t" ? "test" : arg === "ci" ? "install" : arg;
    return [`pre${name}`, name, `post${name}`].flatMap((each) => {
      const script = Object.hasOwn(scripts, each) ? scripts[each] : undefined;
      return typeof script === "string" ? [script] : [];
    });
  });
}

function scriptsIn(manifest: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(manifest);
    const scripts: unknown =
      typeof parsed === "object" && parsed !== null ? Reflect.get(parsed, "scripts") : undefined;
    return typeof scripts === "object" && scripts !== null ? { ...scripts } : {};
  } catch {
    // What npm cannot read it does not run.
    return {};
  }
}
