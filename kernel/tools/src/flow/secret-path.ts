import { basename } from "node:path/posix";

import { defaultSecretPaths, isSecretFileName } from "../host/guarded-paths.ts";

/** The name of the secret that a file holds by custom, for example `file:.env`; absent when it holds none. */
export function secretOfPath(path: string, home: string): string | undefined {
  const isSecret =
    isSecretFileName(basename(path)) ||
    /^\/proc\/[^/]+\/environ$/u.test(path) ||
    defaultSecretPaths(home).some((secret) => path === secret || path.startsWith(`${secret}/`));
  return isSecret ? `file:${basename(path)}` : undefined;
}
