import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A library that does the same work, ready to be run. */
export interface Peer {
  readonly name: string;
  /** The rung, beside the packages it imports. */
  readonly file: string;
  /** What was installed, for the record. */
  readonly versions: string;
}

const peers = [
  { name: "ai-sdk", packages: ["ai", "@ai-sdk/openai-compatible", "zod"] },
  { name: "openai-agents", packages: ["@openai/agents", "openai", "zod"] },
  // Pinned: of the versions after it, npm finds no set of packages that fit together.
  {
    name: "langgraph",
    packages: ["@langchain/langgraph@1.4.16", "@langchain/openai@1.6.0", "@langchain/core", "zod"],
  },
] as const;

/**
 * Installs the newest versions that the registry gives into a folder of the system's temporary ones, once; what
 * cannot be installed is left out and said. Nothing of it touches this repository. The npm of Node 24 is used:
 * an older one silently takes older majors.
 */
export async function installPeers(): Promise<readonly Peer[]> {
  const installed: Peer[] = [];
  for (const { name, packages } of peers) {
    try {
      installed.push(await install(name, packages));
    } catch (error) {
      const reason = error instanceof Error ? error.message.split("\n").slice(0, 4).join(" ") : String(error);
      process.stderr.write(`${name} is left out: ${reason}\n`);
    }
  }
  return installed;
}

async function install(name: string, packages: readonly string[]): Promise<Peer> {
  const folder = join(tmpdir(), "tau-bench-peers", name);
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ name: `peer-${name}`, private: true, type: "module" }),
  );
  await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...packages], {
    cwd: folder,
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}` },
  });
  // The rung is copied, so that its imports find the packages beside it.
  const file = join(folder, `${name}.mjs`);
  await copyFile(new URL(`${name}.mjs`, import.meta.url), file);
  const versions = await Promise.all(packages.map((one) => versionOf(folder, one)));
  return { name, file, versions: versions.join(", ") };
}

async function versionOf(folder: string, wanted: string): Promise<string> {
  const [name = ""] = /^@?[^@]+/u.exec(wanted) ?? [];
  const manifest = await readFile(join(folder, "node_modules", name, "package.json"), "utf8");
  const { version }: { version: string } = JSON.parse(manifest);
  return `${name} ${version}`;
}
