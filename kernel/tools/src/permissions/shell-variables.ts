/** Variables that only change how a program looks or talks, so that setting one leaves a command what it is. */
const harmless = new Set(
  "CI CLICOLOR COLUMNS DEBUG FORCE_COLOR LANG LC_ALL LINES NODE_ENV NO_COLOR RUST_BACKTRACE TERM TZ".split(
    " ",
  ),
);

/** Tells whether handing a program the variable `name` may change what it runs, as PATH, LD_PRELOAD or GIT_PAGER do. */
export function isRiskyEnvironment(name: string): boolean {
  return !harmless.has(name);
}

/**
 * Tells whether setting `name` inside a script may change what later commands run.
 *
 * A lower-case variable stays in the shell, unless the shell was started with it.
 */
export function isRiskyVariable(name: string): boolean {
  return (
    !harmless.has(name) &&
    (!/^[a-z][a-z0-9_]*$/.test(name) || /^npm_|_proxy$|^histchars$|^auto_resume$/.test(name))
  );
}
