/** What `npm start` runs: the `tau` command from its sources; without arguments, its demo. */
import { main } from "@tau/cli";

// npm runs scripts in the clone; the command works where it was called.
process.chdir(process.env["INIT_CWD"] ?? ".");

// npm passes on some signals and dies of others; whoever ended it wanted all of this to end.
const npm = process.ppid;
const watch = setInterval(() => {
  if (process.ppid === npm) return;
  clearInterval(watch);
  process.kill(process.pid, "SIGHUP");
}, 500);
watch.unref();

const given = process.argv.slice(2);
process.exitCode = await main(given.length === 0 ? ["demo"] : given);
