import { differences } from "./layered.test.support.ts";

// Prints where layers differ from the disk, as the user who runs this file; nothing when they do not.
for (const difference of await differences()) process.stdout.write(`${difference}\n`);
process.stdout.write(`uid ${process.getuid?.()}: done\n`);
