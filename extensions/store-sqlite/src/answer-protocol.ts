/** An answer as it lies in a tenant's file. */
export interface StoredAnswer {
  readonly key: string;
  readonly session: string | null;
  readonly expiresAt: number;
  /** JSON. */
  readonly answer: string;
}

/** Operations on kept answers that change a tenant's file. */
export type AnswerWrite =
  | {
      readonly op: "answer_put";
      readonly tenant: string;
      readonly stored: StoredAnswer;
      readonly now: number;
    }
  /** All answers when neither is given. */
  | {
      readonly op: "answer_drop";
      readonly tenant: string;
      readonly key: string | null;
      readonly session: string | null;
    };

/** Operations on kept answers that only look. */
export interface AnswerRead {
  readonly op: "answer_get";
  readonly tenant: string;
  readonly key: string;
}

/** What each of them answers. */
export interface AnswerAnswers {
  readonly answer_put: null;
  readonly answer_drop: null;
  readonly answer_get: StoredAnswer | null;
}
