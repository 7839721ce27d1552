/** Writes the table in docs/providers.md from the providers that the code knows. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { allProviders, withProviderTable } from "../test/checks/provider-docs.ts";

const file = join(import.meta.dirname, "../docs/providers.md");
writeFileSync(file, withProviderTable(readFileSync(file, "utf8"), allProviders));
