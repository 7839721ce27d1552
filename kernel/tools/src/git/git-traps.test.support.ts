/** What a tool is asked for, as `[tool, input]`. */
export type TriedCall = readonly [tool: "git_read" | "git_write" | "git_publish", input: object];

/** A repository that is made to run something, or to lead out of the workspace. */
export interface GitTrap {
  readonly name: string;
  /** Bash, run in the repository. `$OUT` is a folder outside; the program `$FIRE` leaves a canary there. */
  readonly plant: string;
  /** Bash that an unsuspecting person runs there, and that springs the trap: proof that it is one. Absent for Gits to come. */
  readonly bait?: string;
  readonly tries: readonly TriedCall[];
}

const look: readonly TriedCall[] = [
  ["git_read", { verb: "status" }],
  ["git_read", { verb: "diff" }],
  ["git_read", { verb: "show" }],
  ["git_read", { verb: "blame", paths: ["a.txt"] }],
];
const change: readonly TriedCall[] = [
  ["git_write", { verb: "add", paths: ["a.txt"] }],
  ["git_write", { verb: "commit", message: "Change" }],
];
const keep: readonly TriedCall[] = [
  ["git_write", { verb: "switch", name: "other", create: true, revision: "HEAD~1" }],
  ["git_write", { verb: "stash" }],
  ["git_write", { verb: "unstash" }],
  ["git_write", { verb: "restore", paths: ["a.txt"] }],
  ["git_publish", { verb: "reset", mode: "hard" }],
  ["git_write", { verb: "merge", revision: "main" }],
  ["git_write", { verb: "tag", name: "v1" }],
];
const talk: readonly TriedCall[] = [
  ["git_publish", { verb: "fetch" }],
  ["git_publish", { verb: "push", branch: "main" }],
];
const everything: readonly TriedCall[] = [...look, ...change, ...keep];

function configured(name: string, settings: string, bait: string, tries: readonly TriedCall[]): GitTrap {
  return { name, plant: settings, bait, tries };
}

const attributes = (what: string): string => `echo '*.txt ${what}' > .gitattributes`;

const programs: readonly GitTrap[] = [
  configured("core.fsmonitor", 'git config core.fsmonitor "$FIRE"', "git status", everything),
  configured(
    "core.hooksPath",
    'mkdir "$OUT/hooks"; for h in pre-commit post-index-change post-checkout; do cp "$FIRE" "$OUT/hooks/$h"; done; git config core.hooksPath "$OUT/hooks"',
    "git add a.txt",
    [...change, ...keep],
  ),
  configured(
    "hooks",
    'for h in pre-commit prepare-commit-msg commit-msg post-commit post-checkout post-merge post-rewrite pre-push reference-transaction post-index-change pre-auto-gc; do cp "$FIRE" ".git/hooks/$h"; done',
    "git commit -qam x",
    [...everything, ...talk],
  ),
  configured("hooks that are links", 'ln -s "$FIRE" .git/hooks/post-checkout', "git checkout -qb x", [
    ...change,
    ...keep,
  ]),
  configured("diff.external", 'git config diff.external "$FIRE"', "git diff", look),
  configured("a diff driver", `git config diff.d.command "$FIRE"; ${attributes("diff=d")}`, "git diff", look),
  configured(
    "textconv",
    `git config diff.d.textconv "$FIRE"; ${attributes("diff=d")}`,
    "git blame a.txt",
    look,
  ),
  configured(
    "a clean filter",
    `git config filter.f.clean "$FIRE"; ${attributes("filter=f")}`,
    "git add a.txt",
    everything,
  ),
  configured(
    "a required filter",
    `git config filter.f.clean "$FIRE"; git config filter.f.required true; ${attributes("filter=f")}`,
    "git add a.txt",
    everything,
  ),
  configured(
    "a smudge filter",
    `git config filter.f.smudge "$FIRE"; ${attributes("filter=f")}`,
    "git checkout -- a.txt",
    everything,
  ),
  configured(
    "a filter process",
    `git config filter.f.process "$FIRE"; ${attributes("filter=f")}`,
    "git add a.txt || true",
    everything,
  ),
  configured(
    "a filter whose name has an equals sign",
    `git config filter.a=b.clean "$FIRE"; ${attributes("filter=a=b")}`,
    "git add a.txt",
    everything,
  ),
  configured(
    "a filter in .git/info/attributes",
    'git config filter.f.clean "$FIRE"; mkdir -p .git/info; echo "*.txt filter=f" > .git/info/attributes',
    "git add a.txt",
    everything,
  ),
  configured(
    "a pager",
    'git config core.pager "$FIRE"; git config pager.log "$FIRE"; git config pager.status "$FIRE"',
    'script -qec "git log" /dev/null || true',
    look,
  ),
  configured(
    "an editor",
    'git config core.editor "$FIRE"; git config sequence.editor "$FIRE"',
    "git commit -a || true",
    change,
  ),
  configured(
    "a signing program",
    'git config gpg.program "$FIRE"; git config commit.gpgSign true; git config user.signingKey x',
    "git commit -qam x || true",
    change,
  ),
  configured(
    "an SSH signing program",
    'git config gpg.format ssh; git config gpg.ssh.program "$FIRE"; git config commit.gpgSign true; git config user.signingKey "key::ssh-ed25519 AAAA"',
    "git commit -qam x || true",
    change,
  ),
  configured(
    "a command for SSH keys",
    'git config gpg.format ssh; git config gpg.ssh.defaultKeyCommand "$FIRE"; git config commit.gpgSign true',
    "git commit -qam x || true",
    change,
  ),
  configured(
    "signatures that the log checks",
    'git config gpg.program "$FIRE"; git config log.showSignature true; git config format.pretty "%G?"; c=$(git cat-file commit HEAD | sed "/^committer/a gpgsig -----BEGIN PGP SIGNATURE-----\\n \\n x\\n -----END PGP SIGNATURE-----" | git hash-object -t commit -w --stdin); git reset -q --soft "$c"',
    "git log",
    everything,
  ),
  configured(
    "a merge driver",
    `git config merge.m.driver "$FIRE"; ${attributes("merge=m")}; git stash -q; echo other > a.txt; git commit -qam other`,
    "git stash pop || true",
    [["git_write", { verb: "unstash" }], ...everything],
  ),
  {
    name: "a filter of interactive adding",
    plant: 'git config interactive.diffFilter "$FIRE"',
    tries: change,
  },
  {
    name: "hooks of the configuration",
    plant:
      'for e in pre-commit post-checkout post-index-change; do git config "hook.h$e.command" "$FIRE"; git config "hook.h$e.event" "$e"; done',
    tries: everything,
  },
  {
    name: "aliases and commands of sections to come",
    plant:
      'git config alias.status "!$FIRE"; git config alias.log "!$FIRE"; git config some.new.command "$FIRE"; git config trailer.x.command "$FIRE"',
    tries: [...look, ...keep],
  },
  configured(
    "settings of one work tree",
    'git config extensions.worktreeConfig true; git config --worktree core.fsmonitor "$FIRE"',
    "git status",
    [...look, ...keep],
  ),
  configured(
    "a submodule with settings of its own",
    'git init -q sub; touch sub/f; git -C sub add f; git -C sub commit -qm x; git -C sub config core.fsmonitor "$FIRE"; git add sub; touch sub/new',
    "git status",
    [...look, ...keep],
  ),
  configured(
    "a submodule's update command",
    'git init -q sub; git -C sub commit -q --allow-empty -m x; git add sub; git -C sub commit -q --allow-empty -m y; git config submodule.sub.url ./sub; git config submodule.sub.update "!$FIRE"; git config submodule.recurse true; printf "[submodule \\"sub\\"]\\n path = sub\\n url = ./sub\\n" > .gitmodules',
    "git submodule update --force",
    everything,
  ),
  configured(
    "garbage collection",
    'git config gc.auto 1; cp "$FIRE" .git/hooks/pre-auto-gc; mkdir -p .git/objects/17; for i in 1 2 3; do printf x > ".git/objects/17/$(printf "%038d" $i)"; done',
    "git gc --auto || true",
    [...everything, ...talk],
  ),
];

const remotes: readonly GitTrap[] = [
  configured(
    "ext::",
    'git config protocol.ext.allow always; git config remote.origin.url "ext::$FIRE"',
    "git fetch || true",
    talk,
  ),
  configured(
    "ext:: by another name",
    'git config protocol.ext.allow always; git config "url.ext::$FIRE .insteadOf" safe:; git config remote.origin.url safe:x',
    "git fetch || true",
    talk,
  ),
  configured(
    "a remote helper",
    'git config protocol.ext.allow always; git config remote.origin.vcs ext; git config remote.origin.url "$FIRE"',
    "git fetch || true",
    talk,
  ),
  configured("uploadpack", 'git config remote.origin.uploadpack "$FIRE"', "git fetch || true", talk),
  configured(
    "receivepack",
    'git config remote.origin.receivepack "$FIRE"',
    "git push origin main || true",
    talk,
  ),
  configured(
    "core.sshCommand",
    'git config core.sshCommand "$FIRE"; git config remote.origin.url ssh://127.0.0.1:1/x',
    "git fetch || true",
    talk,
  ),
  configured(
    "core.gitProxy",
    'git config core.gitProxy "$FIRE"; git config remote.origin.url git://127.0.0.1/x',
    "git fetch || true",
    talk,
  ),
  configured(
    "credential.helper",
    'git config credential.helper "!$FIRE"; git config credential.https://127.0.0.1.helper "!$FIRE"; git config core.askPass "$FIRE"; git config remote.origin.url https://127.0.0.1:1/x',
    "printf 'protocol=https\\nhost=127.0.0.1\\n\\n' | git credential fill || true",
    talk,
  ),
  configured(
    "a promised object that is fetched when it is looked at",
    'git config core.repositoryFormatVersion 1; git config extensions.partialClone origin; git config remote.origin.promisor true; git config remote.origin.uploadpack "$FIRE"; b=$(git rev-parse HEAD:a.txt); rm -f ".git/objects/${b:0:2}/${b:2}"',
    "git show HEAD:a.txt || true",
    [["git_read", { verb: "show", paths: ["a.txt"] }], ...look],
  ),
  configured(
    "alternate references",
    'git push -q origin main; git clone -q --bare . other; echo ../../other/objects > .git/objects/info/alternates; git config core.alternateRefsCommand "$FIRE"',
    "git fetch || true",
    [...talk, ...look],
  ),
];

const outside: readonly GitTrap[] = [
  configured(
    "include.path",
    'printf "[core]\\n fsmonitor = %s\\n" "$FIRE" > .git/more; git config include.path more',
    "git status",
    [...look, ...change],
  ),
  configured(
    "includeIf",
    'printf "[core]\\n fsmonitor = %s\\n" "$FIRE" > .git/more; git config includeIf.onbranch:main.path more',
    "git status",
    [...look, ...change],
  ),
  configured(
    "a .git file that leads out",
    'cp -r .git "$OUT/evil.git"; git -C "$OUT/evil.git" config core.bare false; git --git-dir "$OUT/evil.git" config core.fsmonitor "$FIRE"; rm -r .git; echo "gitdir: $OUT/evil.git" > .git',
    "git status",
    [...look, ...change],
  ),
  configured(
    "a .git link that leads out",
    'mv .git "$OUT/evil.git"; git --git-dir "$OUT/evil.git" config core.fsmonitor "$FIRE"; ln -s "$OUT/evil.git" .git',
    "git status",
    [...look, ...change],
  ),
  configured(
    "commondir",
    'cp -r .git "$OUT/common"; git --git-dir "$OUT/common" config core.fsmonitor "$FIRE"; echo "$OUT/common" > .git/commondir',
    "git status",
    [...look, ...change],
  ),
  configured(
    "core.worktree",
    'mkdir "$OUT/tree"; echo mine > "$OUT/tree/a.txt"; git config core.worktree "$OUT/tree"',
    'git checkout -q -- a.txt; grep -q mine "$OUT/tree/a.txt" || "$FIRE"',
    everything,
  ),
  configured(
    "a log that is a link",
    'rm -f .git/logs/HEAD; echo keep > "$OUT/file"; ln -s "$OUT/file" .git/logs/HEAD',
    'git commit -qam x; [ "$(cat "$OUT/file")" = keep ] || "$FIRE"',
    everything,
  ),
  configured(
    "objects of another repository",
    'git init -q "$OUT/private"; echo SECRET-VALUE > "$OUT/private/s"; git -C "$OUT/private" add s; git -C "$OUT/private" commit -qm SECRET-VALUE; c=$(git -C "$OUT/private" rev-parse HEAD); echo "$OUT/private/.git/objects" > .git/objects/info/alternates; git update-ref refs/heads/theirs "$c"',
    'git show theirs | grep -q SECRET-VALUE && "$FIRE"',
    [
      ["git_read", { verb: "show", revision: "theirs" }],
      ["git_read", { verb: "log", revision: "theirs" }],
    ],
  ),
  configured(
    "replaced commits",
    'c=$(git commit-tree -m SECRET-VALUE "HEAD^{tree}"); git replace HEAD "$c"',
    'git log | grep -q SECRET-VALUE && "$FIRE"',
    [
      ["git_read", { verb: "log" }],
      ["git_read", { verb: "show" }],
    ],
  ),
  configured(
    "a bare repository among the files",
    'git init -q --bare bare; git --git-dir bare config core.bare false; git --git-dir bare config core.worktree "$PWD/bare"; git --git-dir bare config core.fsmonitor "$FIRE"',
    "cd bare && git status",
    look.map(([tool, input]) => [tool, { ...input, repository: "bare" }] as const),
  ),
  configured(
    "a folder that became a link",
    'mkdir d; echo in > d/f.txt; git add d; git commit -qm d; rm -r d; mkdir "$OUT/d"; echo keep > "$OUT/d/f.txt"; ln -s "$OUT/d" d',
    '"$FIRE"',
    [
      ["git_write", { verb: "restore", paths: ["d/f.txt"] }],
      ["git_write", { verb: "add", paths: ["d/f.txt"] }],
      ["git_read", { verb: "diff" }],
      ["git_publish", { verb: "reset", mode: "hard" }],
    ],
  ),
];

/** Every trap. */
export const gitTraps: readonly GitTrap[] = [...programs, ...remotes, ...outside];
