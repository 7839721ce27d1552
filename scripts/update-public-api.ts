/** Records the names that the packages export in test/public-api.json, and says what changed. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { comparePublicApi, type PublicApi, readPublicApi } from "../test/checks/public-api.ts";
import { readWorkspace } from "../test/checks/workspace.ts";

const root = join(import.meta.dirname, "..");
const file = join(root, "test/public-api.json");
const recorded: PublicApi = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
const present = readPublicApi(readWorkspace(root));
for (const change of comparePublicApi(recorded, present)) console.log(change);
writeFileSync(file, `${JSON.stringify(present, null, 2)}\n`);
