import { execFileSync } from "node:child_process";

import { trialPlace } from "./trials.test.support.ts";

// Mounts a folder while a jail waits, and prints what the next command finds there. To be run in a mount namespace of its own.
await using place = await trialPlace({ "sub/file": "below\n" });
const runner = place.runner();
await runner.warm();
process.stdout.write(`${await runner.bash("cat sub/file")}\n`);
await runner.jail.hurry();
execFileSync("sh", ["-c", 'mount -t tmpfs none "$0"', place.at("sub")]);
place.write("sub/file", "mounted\n");
process.stdout.write(`${await runner.bash("cat sub/file")}\n`);
execFileSync("sh", ["-c", 'umount "$0"', place.at("sub")]);
