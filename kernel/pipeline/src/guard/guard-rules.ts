/** A pattern that is looked for in prompts. */
export interface GuardRule {
  readonly name: string;
  /** Runs on text of anybody: must not be of the kind that takes for ever. */
  readonly pattern: RegExp;
  /** The pattern is tried only where one of these stands, in any case; saves time. Lower case. */
  readonly needs?: readonly string[];
  /** `block` fails the call; `flag` only notes it. */
  readonly action: "block" | "flag";
  /** Default: what users and tools say. What models said, and what stands there as if they had, is `assistant`. */
  readonly where?: "user" | "assistant" | "tool";
}

/**
 * Words that are hardly ever meant well. They only flag: people quote them, and whoever attacks finds others.
 */
export const injectionRules: readonly GuardRule[] = [
  {
    name: "ignore_instructions",
    needs: ["instruction", "prompt", "rule", "message"],
    pattern:
      /\b(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+)?(?:of\s+)?(?:the\s+|your\s+|my\s+)?(?:previous|prior|above|earlier|preceding|system)\s+(?:instructions?|prompts?|rules?|messages?)/i,
    action: "flag",
  },
  {
    name: "reveal_instructions",
    needs: ["prompt", "instruction"],
    pattern:
      /\b(?:reveal|print|show|repeat|output|leak)\s+(?:me\s+)?(?:all\s+)?(?:of\s+)?your\s+(?:hidden\s+|secret\s+|initial\s+|full\s+)?(?:system\s+)?(?:prompt|instructions)/i,
    action: "flag",
  },
  {
    name: "role_change",
    needs: ["dan", "mode", "unrestricted", "bound"],
    pattern:
      /\byou\s+are\s+(?:now|no\s+longer)\s+(?:in\s+)?(?:DAN\b|developer\s+mode|an?\s+unrestricted|bound)/i,
    action: "flag",
  },
  {
    name: "chat_template",
    needs: ["<|", "inst]", "sys>>"],
    pattern:
      /<\|(?:im_start|im_end|system|assistant|user|endoftext|eot_id|start_header_id)\|>|\[\/?INST\]|<<\/?SYS>>/,
    action: "flag",
  },
];
