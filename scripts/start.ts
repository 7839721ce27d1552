/** What `npm start` runs: the `tau` command from its sources; without arguments, its demo. */
import { main } from "@tau/cli";

// npm runs scripts in the clone; the command works where it was called.
process.chdir(process.env["INIT_CWD"] ?? ".");

const given = process.argv.slice(2);
process.exitCode = await main(given.length === 0 ? ["demo"] : given);
