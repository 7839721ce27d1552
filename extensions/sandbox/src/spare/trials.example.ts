import assert from "node:assert/strict";

import { tried, trials, undisturbed } from "./trials.test.support.ts";

// Prints which trials ended otherwise than they should, as the user who runs this file.
for (const [name, trial] of Object.entries(trials)) {
  try {
    await undisturbed(async () => assert.equal(await tried(trial), trial.says));
  } catch (error) {
    process.stdout.write(`${name}: ${String(error)}\n`);
  }
}
process.stdout.write(`uid ${process.getuid?.()}: done\n`);
