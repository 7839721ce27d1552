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

/** Variables whose value is, or names, something that Bash or a well-known program runs. */
const carriers = new RegExp(
  `^(?:${`BASH\\w* PS\\d PROMPT_COMMAND ENV SHELL SHELLOPTS SECONDS S?RANDOM LINENO OPTIND HISTCMD EPOCH\\w* DIRSTACK FUNCNAME
    \\w*_?(?:PAGER|EDITOR|BROWSER|VISUAL|COMMAND|CMD|HOOK|ASKPASS|SHELL|LAUNCHER|WRAPPER|EXEC|OPTIONS|OPTS|OPT|FLAGS)
    GIT_\\w* SSH_\\w* LD_\\w* DYLD_\\w* LESS\\w* MAN\\w* PERL\\w* PYTHON\\w* RUBY\\w* NODE_\\w* npm_\\w* MAKE\\w* RUSTC\\w*
    CARGO_\\w* CC CXX AR AS LD GOFLAGS TAR_\\w* RSYNC_\\w* GREP_\\w* RIPGREP_\\w* FZF_\\w* JAVA_\\w* _JAVA_\\w*`.replaceAll(
    /\s+/g,
    "|",
  )})$`,
);

/** Tells whether the value of a variable may itself be a command, or name a file that is run: rules miss it then. */
export function carriesCommand(name: string): boolean {
  return carriers.test(name);
}
