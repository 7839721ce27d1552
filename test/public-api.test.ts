import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { comparePublicApi, type PublicApi, readPublicApi } from "./checks/public-api.ts";
import { readWorkspace } from "./checks/workspace.ts";

const workspace = readWorkspace(`${import.meta.dirname}/..`);

test("packages export what test/public-api.json records; `npm run generate` updates it", () => {
  const recorded: PublicApi = JSON.parse(readFileSync(`${import.meta.dirname}/public-api.json`, "utf8"));

  expect(comparePublicApi(recorded, readPublicApi(workspace))).toEqual([]);
});
