import type { ModelRequest } from "@tau/agent";
import type { AssistantMessage, Message, ToolResultContent, UserMessage } from "@tau/core";
import { compilePatterns, secretPatterns } from "@tau/core/secrets";
import type { CompiledPatterns, OwnPattern, SecretPattern } from "@tau/core/secrets";

import { knownNotesOf, notesOf } from "../message-notes.ts";
import { redactFindings } from "../redaction/text-redactor.ts";
import type { GuardFinding } from "./guard-facts.ts";
import { injectionRules } from "./guard-rules.ts";
import type { GuardRule } from "./guard-rules.ts";
import { unhide } from "./hidden-characters.ts";
import type { HiddenKind } from "./hidden-characters.ts";
import { textOfPart, withPartText } from "./part-text.ts";

/** What is done with something that is found. */
export type GuardAction = "remove" | "block" | "flag" | "off";

/** Options of the lane that every prompt passes. */
export interface FastLaneOptions {
  /** Hidden characters. Default: remove. */
  readonly hidden?: GuardAction;
  /** Secrets that are about to leave; removed, a marker stands in their place. Default: remove. */
  readonly secrets?: GuardAction;
  /** Default: {@link secretPatterns}. */
  readonly secretPatterns?: readonly SecretPattern[];
  readonly ownPatterns?: readonly OwnPattern[];
  /** Default: {@link injectionRules}. */
  readonly rules?: readonly GuardRule[];
}

/** A prompt after the fast lane. */
export interface Screened {
  /** The very request when nothing was removed. */
  readonly request: ModelRequest;
  readonly findings: readonly GuardFinding[];
}

const nothingHidden: ReadonlySet<HiddenKind> = new Set();

type Where = "system" | "user" | "assistant" | "tool";

interface Cleaned<T> {
  readonly value: T;
  readonly findings: readonly GuardFinding[];
}

/** Looks at prompts in line. Each message is looked at once in its life: histories grow, messages do not change. */
export class FastLane {
  readonly #hidden: GuardAction;
  readonly #secrets: GuardAction;
  readonly #patterns: CompiledPatterns;
  readonly #rules: readonly GuardRule[];
  /** Any word that a rule needs; nothing where one needs none. */
  readonly #anyNeeded: RegExp | undefined;
  #system: Cleaned<string> & { readonly of: string } = { of: "", value: "", findings: [] };

  constructor(options: FastLaneOptions) {
    this.#hidden = options.hidden ?? "remove";
    this.#secrets = options.secrets ?? "remove";
    this.#patterns = compilePatterns(options.secretPatterns ?? secretPatterns, options.ownPatterns);
    this.#rules = options.rules ?? injectionRules;
    this.#anyNeeded = anyNeededBy(this.#rules);
  }

  screen(request: ModelRequest): Screened {
    const findings: GuardFinding[] = [];
    let isSame = true;
    const isAlone = request.messages.length === 1;
    const messages = request.messages.map((message) => {
      const cleaned = this.#screenMessage(message, isAlone);
      findings.push(...cleaned.findings);
      isSame &&= cleaned.value === message;
      return cleaned.value;
    });
    const system = request.system === undefined ? undefined : this.#screenSystem(request.system, findings);
    if (isSame && system === request.system) return { request, findings };
    return { request: { ...request, messages, ...(system === undefined ? {} : { system }) }, findings };
  }

  #screenSystem(system: string, findings: GuardFinding[]): string {
    if (this.#system.of !== system) this.#system = { of: system, ...this.#screenText(system, "system") };
    findings.push(...this.#system.findings);
    return this.#system.value;
  }

  #screenMessage(message: Message, isAlone: boolean): Cleaned<Message> {
    const known = knownNotesOf(message)?.screened;
    if (known?.by === this) return known;
    const cleaned = this.#screenFresh(message);
    // What was changed is the same object again later on, so that it is written once.
    if (!isAlone || cleaned.value !== message) notesOf(message).screened = { by: this, ...cleaned };
    return cleaned;
  }

  #screenFresh(message: Message): Cleaned<Message> {
    if (message.role === "user") return this.#screenUser(message);
    return message.role === "tool" ? this.#screenResults(message) : this.#readAnswer(message);
  }

  /**
   * What a model said, or what somebody says that it said: blocked where that is wanted, else only noted. Providers sign
   * answers and want them back as they were.
   */
  #readAnswer(message: AssistantMessage): Cleaned<Message> {
    const texts = message.parts.flatMap((part) => {
      if (part.type === "text") return [part.text];
      return part.type === "tool_call" ? [part.arguments] : [];
    });
    const findings = texts
      .flatMap((text) => this.#screenText(text, "assistant").findings)
      .map((one): GuardFinding => (one.action === "removed" ? { ...one, action: "flagged" } : one));
    return { value: message, findings };
  }

  #screenUser(message: UserMessage): Cleaned<Message> {
    const { value: parts, findings } = this.#screenParts(message.parts, "user");
    return { value: parts === message.parts ? message : { ...message, parts }, findings };
  }

  #screenResults(message: Extract<Message, { role: "tool" }>): Cleaned<Message> {
    const findings: GuardFinding[] = [];
    let isSame = true;
    const parts = message.parts.map((part) => {
      const { value: content, findings: more } = this.#screenParts<ToolResultContent>(part.content, "tool");
      findings.push(...more);
      if (content === part.content) return part;
      isSame = false;
      return { ...part, content };
    });
    return { value: isSame ? message : { ...message, parts }, findings };
  }

  #screenParts<Part extends UserMessage["parts"][number]>(
    parts: readonly Part[],
    where: Where,
  ): Cleaned<readonly Part[]> {
    const findings: GuardFinding[] = [];
    let isSame = true;
    const cleaned = parts.map((part) => {
      const said = textOfPart(part);
      if (said === undefined) return part;
      const { value: text, findings: more } = this.#screenText(said, where);
      findings.push(...more);
      if (text === said) return part;
      isSame = false;
      return withPartText(part, text);
    });
    return { value: isSame ? parts : cleaned, findings };
  }

  #screenText(text: string, where: Where): Cleaned<string> {
    const findings: GuardFinding[] = [];
    // In UTF-8 only ASCII takes one byte a character, and nothing of that is hidden or looks like something else.
    const isAscii = Buffer.byteLength(text) === text.length;
    const unhidden = isAscii ? { text, kinds: nothingHidden } : unhide(text);
    let value = text;
    if (this.#hidden !== "off" && unhidden.kinds.size > 0) {
      for (const kind of unhidden.kinds)
        findings.push({ name: `hidden:${kind}`, where, action: done(this.#hidden) });
      if (this.#hidden === "remove") value = unhidden.text;
    }
    if (this.#secrets !== "off") {
      const found = this.#patterns.find(value, 0);
      for (const { name } of found)
        findings.push({ name: `secret:${name}`, where, action: done(this.#secrets) });
      if (this.#secrets === "remove" && found.length > 0) value = redactFindings(value, found);
    }
    const plain = isAscii ? text : unhidden.text.normalize("NFKC");
    findings.push(...this.#matchRules(plain, where));
    return { value, findings };
  }

  /** Rules see a text as a person does: without hidden characters, and look-alikes made alike. */
  #matchRules(plain: string, where: Where): readonly GuardFinding[] {
    if (where === "system" || this.#rules.length === 0) return [];
    if (this.#anyNeeded?.test(plain) === false) return [];
    const lower = plain.toLowerCase();
    return this.#rules
      .filter(({ needs, pattern, ...rule }) => {
        if (rule.where === undefined ? where === "assistant" : rule.where !== where) return false;
        return (needs?.some((word) => lower.includes(word)) ?? true) && plain.search(pattern) !== -1;
      })
      .map(({ name, action }) => ({ name: `rule:${name}`, where, action: done(action) }));
  }
}

function anyNeededBy(rules: readonly GuardRule[]): RegExp | undefined {
  const words = new Set(rules.flatMap(({ needs = [""] }) => needs));
  if (words.has("")) return undefined;
  const literals = [...words].map((word) => word.replaceAll(/\W/g, String.raw`\$&`));
  return new RegExp(literals.join("|"), "i");
}

function done(action: Exclude<GuardAction, "off">): GuardFinding["action"] {
  if (action === "remove") return "removed";
  return action === "block" ? "blocked" : "flagged";
}
