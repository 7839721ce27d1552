import { TauError } from "@tau/core";
import { readTextFile } from "@tau/core/files";

import type { Terminal } from "./terminal.ts";
import { unfitReason } from "./unfit-reason.ts";
import { usageError } from "./usage-error.ts";

/**
 * Follows a reference to a secret: `env:NAME` or `file:PATH`. `where` is the option or the key that has it.
 *
 * @throws TauError `cli.usage`, `config.secret_missing`
 */
export async function resolveSecret(
  reference: string,
  where: string,
  { env }: Pick<Terminal, "env">,
): Promise<string> {
  const [, kind, name = ""] = /^(env|file):(.+)$/u.exec(reference) ?? [];
  // The value itself stays out of the message: it may be a secret given by mistake.
  if (kind === undefined)
    throw usageError(`${where} must be a reference, env:NAME or file:PATH, never the secret itself.`);
  let reason = "";
  const secret =
    kind === "env"
      ? env[name]
      : await readTextFile(name).catch((error: unknown) => void (reason = unfitReason(error)));
  if (secret !== undefined && secret.trim() !== "") return secret.trim();
  throw new TauError(
    "config.secret_missing",
    kind === "env"
      ? `${where} names the environment variable ${name}, which is not set.`
      : `${where} names the file ${name}, which cannot be read or is empty.${reason}`,
  );
}
