/** Codes of the failures this package throws. */
export const cliErrorCodes = {
  "cli.usage":
    "The command line has an unknown command or option, or a value that does not fit. `tau COMMAND --help` shows what there is.",
  "cli.unsafe_home":
    "The folder where Tau keeps its data can be written by others, or is somebody else's: what is trusted and allowed would be theirs to say. Make it your own (`chmod go-w`), or name another one in `TAU_HOME`.",
  "cli.unusable_home":
    "The folder where Tau keeps its data cannot be made, read or written; the message says why. Make it writable, free space on its disk, or name another one in `TAU_HOME`.",
  "config.exists":
    "`tau init` found a tau.toml and does not overwrite it. Edit the file, or remove it first.",
  "config.invalid":
    "The configuration file has a wrong key or value. The message names the file, the key and what fits.",
  "config.not_found": "The file named by `--config` cannot be read. Check the path.",
  "config.not_trustable":
    "The `.tau` of a folder holds too many files, or something that is no file, so that nobody can trust it as it is. The message names it: remove it.",
  "config.not_writable":
    "`tau init` cannot write a tau.toml into this folder. Make the folder writable, or go to one that is.",
  "config.secret_missing":
    "A reference to a secret (`env:NAME` or `file:PATH`) leads nowhere. Set the variable, or write the file.",
  "config.unsafe":
    "The administrator's rules can be written by others than root. The message says which file or folder to give back to root.",
  "config.untrusted":
    "The folder has a tau.toml that nobody on this machine has trusted, or that changed since. Read it, then run `tau trust`.",
  "plan.changed":
    "A plan is not what was approved: its file changed since, before it was begun or in the middle. Read it, and approve it again.",
  "plan.expired":
    "A run that carries out a plan was interrupted more than 7 days ago. Cancel it, and approve the plan again.",
  "plan.not_approved":
    "Nobody approved the plan that is to be carried out. Read it, and answer on a terminal, or name its hash with `--approved`.",
  "plan.not_found":
    "There is no such plan in the session's folder: plans are files of their own below `plans/`, of at most 256 KiB. List them, and name one of those.",
  "plan.used": "The approval of a plan was used, and counts once. Approve it again on a terminal.",
  "provider.not_found":
    "No model provider was configured and none was found. Set a key in the environment, start Ollama, or write a tau.toml with `tau init`.",
} as const;
