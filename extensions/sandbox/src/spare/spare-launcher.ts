import { realpathSync } from "node:fs";

import { isWithin } from "@tau/tools";

import { findProgram } from "../find-program.ts";
import { jailDescriptors } from "../jail-arguments.ts";
import type { JailSettings } from "../jail-settings.ts";

/** The longest order, in bytes: what is larger is started as ever. */
const maxOrderBytes = 65_536;
/** Ends an order, so that half of one is none. */
const seal = "end of order";

/**
 * Says that it waits, reads its order to the end, and becomes the command. It says of a failure what `prlimit` says.
 *
 * Perl, because it takes bytes as they are, keeps no variable of its own, marks what it opens to be closed on exec, and is
 * nearly everywhere. Of its own variables it has only those that bubblewrap sets last, also for a command started cold.
 */
const script = [
  `open(my $tau, "+<&=", ${jailDescriptors.order}) or exit 125;`,
  `syswrite($tau, "waiting");`,
  String.raw`local $/; my @order = split(/\0/, <$tau> // "", -1);`,
  `exit 125 unless @order > 2 && pop(@order) eq "${seal}";`,
  `my $count = shift(@order); my @argv = splice(@order, 0, $count);`,
  `%ENV = ((map { split(/=/, $_, 2) } @order), %ENV);`,
  `close($tau);`,
  `exec { $argv[0] } @argv;`,
  String.raw`my ($number, $text) = ($! + 0, "$!"); print STDERR "prlimit: failed to execute $argv[0]: $text\n";`,
  `exit($number == 2 ? 127 : 126);`,
].join(" ");

/**
 * The command line of what waits in a spare jail. Undefined where there can be none: without perl; under the profile `full`,
 * whose commands may rewrite the system's programs; and where a command could rewrite what waits, since it would run
 * at a time when nobody looks after protected paths.
 */
export function spareLauncher({ profile, prefix }: JailSettings): readonly string[] | undefined {
  const [prlimit] = prefix;
  const perl = findProgram("perl", process.env["PATH"]);
  if (profile.access === "full" || prlimit === undefined || perl === undefined) return undefined;
  const programs = [prlimit, perl].flatMap((path) => [path, realpathSync(path)]);
  if (programs.some((path) => isWithin(path, profile.workspace))) return undefined;
  return [perl, "-e", script];
}

/** What a command is, for {@link spareLauncher}. Undefined when a spare jail cannot become it, or not exactly. */
export function orderOf(
  argv: readonly string[],
  variables: Readonly<Record<string, string>>,
): Uint8Array | undefined {
  const entries = Object.entries(variables);
  if (entries.some(([name]) => name === "" || name.includes("="))) return undefined;
  const items = [String(argv.length), ...argv, ...entries.map(([name, value]) => `${name}=${value}`)];
  if (items.some((item) => item.includes("\0"))) return undefined;
  const order = Buffer.from([...items, seal].join("\0"));
  return order.length > maxOrderBytes ? undefined : order;
}
