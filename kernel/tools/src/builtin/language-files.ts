const table = `asm: *.S *.asm *.s
bazel: *.BUILD *.bazel *.bazelrc *.bzl BUILD MODULE.bazel WORKSPACE WORKSPACE.bazel WORKSPACE.bzlmod
c: *.[chH] *.[chH].in *.cats
clojure: *.clj *.cljc *.cljs *.cljx
cmake: *.cmake CMakeLists.txt
config: *.cfg *.conf *.config *.ini
cpp: *.[ChH] *.[ChH].in *.[ch]pp *.[ch]pp.in *.[ch]xx *.[ch]xx.in *.cc *.cc.in *.hh *.hh.in *.inl
csharp: *.cs
css: *.css *.scss
csv: *.csv
dart: *.dart
diff: *.diff *.patch
docker: *Dockerfile*
dockercompose: docker-compose.*.yml docker-compose.yml
elixir: *.eex *.ex *.exs *.heex *.leex *.livemd
erlang: *.erl *.hrl
fsharp: *.fs *.fsi *.fsx
go: *.go
gradle: *.gradle *.gradle.kts gradle-wrapper.* gradle.properties gradlew gradlew.bat
graphql: *.graphql *.graphqls
groovy: *.gradle *.groovy
h: *.h *.hh *.hpp
haskell: *.c2hs *.cpphs *.hs *.hsc *.lhs
html: *.ejs *.htm *.html
java: *.java *.jsp *.jspx *.properties
js: *.cjs *.js *.jsx *.mjs *.vue
json: *.json *.sarif composer.lock
jsonl: *.jsonl
julia: *.jl
jupyter: *.ipynb *.jpynb
kotlin: *.kt *.kts
less: *.less
lock: *.lock package-lock.json
log: *.log
lua: *.lua
make: *.mak *.mk Makefile.* [Gg][Nn][Uu]makefile [Gg][Nn][Uu]makefile.am [Gg][Nn][Uu]makefile.in [Mm]akefile [Mm]akefile.am [Mm]akefile.in
markdown: *.markdown *.md *.mdown *.mdwn *.mdx *.mkd *.mkdn
md: *.markdown *.md *.mdown *.mdwn *.mdx *.mkd *.mkdn
nix: *.nix
objc: *.h *.m
ocaml: *.ml *.mli *.mll *.mly
org: *.org *.org_archive
perl: *.PL *.perl *.pl *.plh *.plx *.pm *.t
php: *.php *.php3 *.php4 *.php5 *.php7 *.php8 *.pht *.phtml
ps: *.cdxml *.ps1 *.ps1xml *.psd1 *.psm1
py: *.py *.pyi
python: *.py *.pyi
r: *.R *.Rmd *.Rnw *.r *.rmd *.rnw
rst: *.rst
ruby: *.gemspec *.rake *.rb *.rbw .irbrc Gemfile Rakefile config.ru
rust: *.rs
sass: *.sass *.scss
scala: *.sbt *.scala
solidity: *.sol
sql: *.psql *.sql
svelte: *.svelte *.svelte.ts
svg: *.svg
swift: *.swift
tex: *.bib *.cls *.dtx *.ins *.ltx *.sty *.tex
tf: *.terraform.lock.hcl *.terraformrc *.tf *.tf.json *.tfrc *.tfvars *.tfvars.json terraform.rc
toml: *.toml Cargo.lock
ts: *.cts *.mts *.ts *.tsx
txt: *.txt
typescript: *.cts *.mts *.ts *.tsx
vue: *.vue
xml: *.dtd *.rng *.sch *.xhtml *.xjb *.xml *.xml.dist *.xsd *.xsl *.xslt
yaml: *.yaml *.yml
zig: *.zig`;

/** The files of well-known languages, by the names that ripgrep has for them, as globs over names. */
export const languageFiles: ReadonlyMap<string, readonly string[]> = new Map(
  table.split("\n").map((line) => {
    const [name = "", globs = ""] = line.split(": ");
    return [name, globs.split(" ")];
  }),
);
