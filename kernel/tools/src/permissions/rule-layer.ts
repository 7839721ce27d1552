/** Whose rules, the one with the greatest say first. None loosens what another denies or asks about. */
export const ruleLayers = ["admin", "user", "session", "project"] as const;

/** Who wrote a rule: whoever runs the machine, the person, this session, or the folder that is worked in. */
export type RuleLayer = (typeof ruleLayers)[number];

/** A layer, or the profile, whose rules an environment that enforces it enforces too. */
export type RuleOrigin = RuleLayer | "profile";
