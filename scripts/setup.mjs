/**
 * Makes a fresh clone ready to run: `npm start` and `npm test` call it first.
 *
 * Plain JavaScript for Node 18 and later, because it runs before anything is installed. It installs
 * exactly what package-lock.json names, and only when the installed packages differ from it; when they
 * do not, it reads two files, says nothing and touches neither disk nor network.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");

/** The `packages` table of a lockfile, or undefined when there is none that can be read. */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/** Says why an installation is needed, or returns undefined. */
function reasonToInstall() {
  if (!existsSync(modules)) return "node_modules does not exist yet";
  const wanted = readPackages(join(root, "package-lock.json"));
  // npm writes this file last, so it is missing after an interrupted installation.
  const installed = readPackages(join(modules, ".package-lock.json"));
  if (wanted === undefined) throw new Error("package-lock.json is missing or broken: restore it with git.");
  if (installed === undefined) return "the last installation did not finish";
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.startsWith("node_modules/") && !path.includes("/node_modules/")) continue;
    const present = installed[path];
    // Packages for other platforms are in the lockfile only.
    if (present === undefined && entry.optional) continue;
    if (present === undefined) return `${path} is missing`;
    if (present.version !== entry.version || present.integrity !== entry.integrity)
      return `package-lock.json has another ${path}`;
    if (!existsSync(join(root, path))) return `${path} was deleted`;
  }
  return undefined;
}

/**
 * PATH without this project's own node_modules: the installation replaces the Node there, so npm must
 * run on another one.
 */
function pathOutside() {
  const isOutside = (folder) => folder !== "" && !resolve(folder).startsWith(modules + sep);
  return (process.env.PATH ?? "").split(delimiter).filter(isOutside).join(delimiter);
}

function install(reason) {
  console.error(`tau: installing the packages of package-lock.json (${reason}).`);
  console.error("tau: this happens once and takes about a minute on a usual connection.");
  const started = Date.now();
  const result = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    env: { ...process.env, PATH: pathOutside() },
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (result.status !== 0) {
    const why = result.error === undefined ? "" : ` (${result.error.message})`;
    throw new Error(
      `"npm ci" failed${why}. Check the network and the messages above, then run the command again.`,
    );
  }
  console.error(`tau: installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

/** Checks the Node that npm's scripts get: Tau's own, or one of the machine that is new enough. */
function requireNode() {
  const PATH = [join(modules, ".bin"), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH };
  const result = spawnSync("node", ["--version"], {
    encoding: "utf8",
    env,
    shell: process.platform === "win32",
  });
  const version = result.stdout?.trim() ?? "";
  if (Number(/^v(\d+)/.exec(version)?.[1]) >= 24) return;
  throw new Error(
    [
      `Tau needs Node.js 24 or later; npm's scripts would get ${version || "none"}.`,
      "It comes as the package `node`, whose install script must run (npm's `ignore-scripts` blocks it). Run",
      "  npm rebuild node --ignore-scripts=false",
      "and try again, or install Node.js 24 yourself.",
    ].join("\n"),
  );
}

try {
  const reason = reasonToInstall();
  if (reason !== undefined) install(reason);
  requireNode();
} catch (error) {
  console.error(`tau: ${error.message}`);
  process.exitCode = 1;
}
