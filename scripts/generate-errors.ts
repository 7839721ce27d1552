/** Writes docs/errors.md from the error tables of the packages. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { readErrorTables, renderErrorDocs } from "../test/checks/error-codes.ts";
import { readWorkspace } from "../test/checks/workspace.ts";

const root = join(import.meta.dirname, "..");
mkdirSync(join(root, "docs"), { recursive: true });
writeFileSync(join(root, "docs/errors.md"), renderErrorDocs(readErrorTables(readWorkspace(root))));
