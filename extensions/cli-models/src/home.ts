import { lstat, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

import { assertTenant, TauError } from "@tau/core";

import type { CliHome } from "./options.ts";

/** Where one command works for one tenant. */
export interface CliPlace {
  /** What the command sees as HOME. */
  readonly home: string;
  /** Where the command works: an empty folder, so that it finds no project and no instructions in one. */
  readonly workFolder: string;
}

/** Files of one call; disposing of it removes them. */
export interface CallFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file that only this user may read, and answers its path. */
  write(name: string, content: string | Uint8Array): Promise<string>;
}

/**
 * Opens the place of a tenant, for this user alone.
 *
 * @throws TauError `model.cli_home`, `context.invalid_tenant`
 */
export async function openPlace(home: CliHome, tenant: string, command: string): Promise<CliPlace> {
  const path = home === "personal" ? homedir() : await openTenantHome(home.tenantsIn, tenant);
  const workFolder = join(path, ".cache", "tau", command);
  await makePrivate(workFolder);
  return { home: path, workFolder };
}

/** Makes a folder beside the command's work folder, where the command does not look by itself. */
export async function createCallFolder({ workFolder }: CliPlace): Promise<CallFolder> {
  const path = await mkdtemp(`${workFolder}-call-`);
  return {
    path,
    async write(name, content) {
      const file = join(path, name);
      await writeFile(file, content, { mode: 0o600 });
      return file;
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

async function openTenantHome(tenantsIn: string, tenant: string): Promise<string> {
  assertTenant(tenant);
  if (!isAbsolute(tenantsIn)) throw homeError("The folder of the tenants is no absolute path");
  const path = join(tenantsIn, tenant);
  await makePrivate(path);
  const { uid, mode } = await lstat(path);
  if (process.getuid !== undefined && uid !== process.getuid()) throw homeError("It belongs to another user");
  if ((mode & 0o077) !== 0) throw homeError("Others may read or write it");
  return path;
}

async function makePrivate(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if ((await lstat(path)).isDirectory()) return;
  } catch (error) {
    throw homeError("It cannot be made", error);
  }
  throw homeError("It is no folder");
}

function homeError(reason: string, cause?: unknown): TauError {
  return new TauError(
    "model.cli_home",
    `The folder with the tenant's login cannot be used: ${reason}. Give it to Tau's user alone, mode 0700.`,
    cause === undefined ? {} : { cause },
  );
}
