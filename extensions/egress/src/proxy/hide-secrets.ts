import { Transform } from "node:stream";

import type { Disguise } from "./put-credentials.ts";

/** Puts the placeholder back where a text repeats a secret. */
export function hideInText(text: string, disguises: readonly Disguise[]): string {
  return disguises.reduce((sum, { secret, placeholder }) => sum.replaceAll(secret, () => placeholder), text);
}

/**
 * Does the same to a stream of bytes, across the borders of its chunks: a host that repeats what it was sent must not
 * thereby show it to the jail.
 */
export function hideSecrets(disguises: readonly Disguise[]): Transform {
  // Latin-1 gives every byte a character, so that bytes go through unharmed.
  const asBytes = disguises.map(({ secret, placeholder }) => ({
    secret: Buffer.from(secret).toString("latin1"),
    placeholder,
  }));
  const held = Math.max(...asBytes.map(({ secret }) => secret.length)) - 1;
  let rest = "";
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const text = hideInText(rest + chunk.toString("latin1"), asBytes);
      const cut = Math.max(0, text.length - held);
      rest = text.slice(cut);
      done(null, Buffer.from(text.slice(0, cut), "latin1"));
    },
    flush(done) {
      done(null, Buffer.from(rest, "latin1"));
    },
  });
}
