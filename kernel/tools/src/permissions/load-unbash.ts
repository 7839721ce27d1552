import { createRequire } from "node:module";

type Unbash = typeof import("unbash");

let loaded: Unbash | undefined;

/** The shell parser, loaded at the first command: it costs 10 ms of CPU that most processes never need. */
export function loadUnbash(): Unbash {
  if (loaded !== undefined) return loaded;
  const require: (id: "unbash") => Unbash = createRequire(import.meta.url);
  loaded = require("unbash");
  return loaded;
}
