/** A secret that begins with fixed words and goes on with characters of one kind. */
export interface SecretPattern {
  readonly name: string;
  /** One of them stands at the beginning; no letter or digit stands before it. */
  readonly starts: readonly string[];
  /** What follows, as the inside of a character class: `A-Za-z0-9_-`. */
  readonly body: string;
  readonly minBody: number;
  /** A character that must be in the body, as the inside of a character class; keeps plain words out. */
  readonly needs?: string;
}

const word = "A-Za-z0-9";

/** Credentials that are known by their looks. */
export const secretPatterns: readonly SecretPattern[] = [
  {
    name: "api_key",
    starts: ["sk-", "sk_", "pk_live_", "rk_live_", "gsk_", "xai-", "pplx-", "nvapi-", "csk-", "r8_", "hf_"],
    body: `${word}_-`,
    minBody: 20,
    needs: "0-9",
  },
  { name: "google_key", starts: ["AIza"], body: `${word}_-`, minBody: 35 },
  { name: "aws_key", starts: ["AKIA", "ASIA"], body: "A-Z0-9", minBody: 16 },
  {
    name: "github_token",
    starts: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
    body: `${word}_`,
    minBody: 22,
  },
  { name: "gitlab_token", starts: ["glpat-"], body: `${word}_-`, minBody: 20 },
  { name: "npm_token", starts: ["npm_"], body: word, minBody: 36 },
  {
    name: "slack_token",
    starts: ["xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-"],
    body: `${word}-`,
    minBody: 10,
    needs: "0-9",
  },
  { name: "jwt", starts: ["eyJ"], body: `${word}_.-`, minBody: 40, needs: "." },
  {
    name: "private_key",
    starts: ["", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED "].map(
      (kind) => `-----BEGIN ${kind}PRIVATE KEY-----`,
    ),
    // Base64 in lines, and `\n` where the lines stand in a JSON string.
    body: String.raw`${word}+/=\s\\`,
    minBody: 16,
  },
];

/** A pattern of one's own. A match that is longer than `maxLength` characters may be missed where it is split. */
export interface OwnPattern {
  readonly name: string;
  readonly pattern: RegExp;
  /** So many characters less one are held back while an answer streams. */
  readonly maxLength: number;
}
