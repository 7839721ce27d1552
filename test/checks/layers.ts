import { importsOf } from "./imports.ts";
import { isTestFile, type Package, type Workspace } from "./workspace.ts";

const words = ["core"];
const inner = [...words, "agent", "tools", "session", "memory"];
const outer = [...inner, "pipeline", "skills", "mcp", "orchestrate"];
const kernel = [...outer, "runtime"];

/**
 * Which packages of Tau each package may use. A package that is not here fails the check: whoever adds
 * one says where it stands.
 */
const mayUse: Readonly<Record<string, readonly string[]>> = {
  core: [],
  proto: [],
  client: ["core", "proto"],
  agent: words,
  tools: words,
  session: words,
  memory: [...words, "tools"],
  pipeline: inner,
  skills: inner,
  mcp: inner,
  orchestrate: inner,
  runtime: outer,
  "store-sqlite": kernel,
  "cache-redis": kernel,
  "ai-sdk": kernel,
  telemetry: kernel,
  cedar: kernel,
  bedrock: kernel,
  sandbox: kernel,
  script: kernel,
  python: kernel,
  egress: kernel,
  web: kernel,
  container: kernel,
  documents: kernel,
  browser: kernel,
  "cli-models": kernel,
  kubernetes: kernel,
  server: [...kernel, "proto", "sandbox", "store-sqlite"],
  cli: [
    ...kernel,
    "proto",
    "client",
    "bedrock",
    "cli-models",
    "sandbox",
    "kubernetes",
    "egress",
    "web",
    "script",
    "python",
    "documents",
    "browser",
    "container",
    "store-sqlite",
    "server",
  ],
  bench: [...kernel, "proto", "sandbox", "egress", "store-sqlite", "server"],
};

/** What tests may use beyond {@link mayUse}. */
const testsMayUse: Readonly<Record<string, readonly string[]>> = {
  server: ["client"],
};

/** Whose folders the packages of a folder may use. The table above can only be stricter. */
const foldersMayUse: Readonly<Record<string, readonly string[]>> = {
  kernel: ["kernel"],
  extensions: ["kernel"],
  apps: ["kernel", "extensions", "proto", "sdk", "apps"],
  sdk: ["kernel", "proto"],
  proto: [],
  bench: ["kernel", "extensions", "proto", "apps"],
};

/** Finds packages that use others against the layer rule, in their manifests and in their sources. */
export function findLayerViolations(workspace: Workspace): readonly string[] {
  return workspace.packages.flatMap((user) => [
    ...violationsInManifest(workspace, user),
    ...violationsInSources(workspace, user),
  ]);
}

function violationsInManifest(workspace: Workspace, user: Package): readonly string[] {
  const place = `${user.folder}/package.json`;
  if (mayUse[shortName(user.name)] === undefined) {
    return [`${place}: ${user.name} has no row in the layer table (test/checks/layers.ts)`];
  }
  const { dependencies, peerDependencies, optionalDependencies, devDependencies } = user.manifest;
  const used = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
  const tested = Object.keys({ ...devDependencies });
  return [
    ...used.flatMap((name) => reasonAgainst(workspace, user, { name, inTest: false })),
    ...tested.flatMap((name) => reasonAgainst(workspace, user, { name, inTest: true })),
  ].map((reason) => `${place}: ${reason}`);
}

function violationsInSources(workspace: Workspace, user: Package): readonly string[] {
  return user.files.flatMap((file) => {
    const inTest = isTestFile(file);
    return importsOf(workspace, file).flatMap((found) => {
      const place = `${file}:${found.line}`;
      if (found.target === undefined) {
        return reasonAgainst(workspace, user, { name: packageOf(found.specifier), inTest }).map(
          (reason) => `${place}: ${reason}`,
        );
      }
      // Tests may read fixtures elsewhere, but no code of another package past its entry.
      const leaves = !`${found.target}/`.startsWith(`${user.folder}/`);
      if (!leaves || (inTest && !found.target.endsWith(".ts"))) return [];
      return [`${place}: "${found.specifier}" leaves the package; import another one by its name`];
    });
  });
}

interface Use {
  readonly name: string;
  readonly inTest: boolean;
}

/** Says why `user` may not use the package, or nothing. */
function reasonAgainst(workspace: Workspace, user: Package, use: Use): readonly string[] {
  if (use.name === user.name || !use.name.startsWith("@tau/")) return [];
  const used = workspace.packages.find((candidate) => candidate.name === use.name);
  if (used === undefined) return [`${use.name} is not a package of this repository`];
  const [folder = ""] = user.folder.split("/");
  const [usedFolder = ""] = used.folder.split("/");
  if (!foldersMayUse[folder]?.includes(usedFolder)) {
    return [`${folder}/ may not use ${usedFolder}/ (${user.name} uses ${use.name})`];
  }
  const name = shortName(user.name);
  const allowed = [...(mayUse[name] ?? []), ...(use.inTest ? (testsMayUse[name] ?? []) : [])];
  if (allowed.includes(shortName(use.name))) return [];
  return [`${user.name} may not use ${use.name}; allowed: ${allowed.join(", ") || "nothing"}`];
}

function shortName(name: string): string {
  return name.replace("@tau/", "");
}

/** `@tau/core` for `@tau/core/testing`. */
function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, 2).join("/");
}
