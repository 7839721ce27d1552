import type { AnswerWrite, StoredAnswer } from "./answer-protocol.ts";
import type { TenantDatabase } from "./tenant-database.ts";

/** Expired answers that one write drops: as many as it adds, and some more. */
const sweepAtOnce = 20;

/** Carries out a write on kept answers inside the open transaction. */
export function writeAnswer(database: TenantDatabase, operation: AnswerWrite): null {
  if (operation.op === "answer_put") {
    const { key, session, expiresAt, answer } = operation.stored;
    database.sql("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)").run(key, session, expiresAt, answer);
    database
      .sql("DELETE FROM answers WHERE key IN (SELECT key FROM answers WHERE expires_at <= ? LIMIT ?)")
      .run(operation.now, sweepAtOnce);
    return null;
  }
  const { key, session } = operation;
  if (key !== null) database.sql("DELETE FROM answers WHERE key = ?").run(key);
  else if (session !== null) database.sql("DELETE FROM answers WHERE session = ?").run(session);
  else database.sql("DELETE FROM answers").run();
  return null;
}

/** Finds a kept answer, expired or not. */
export function readAnswer(database: TenantDatabase, key: string): StoredAnswer | null {
  const row: unknown = database.sql("SELECT session, expires_at, answer FROM answers WHERE key = ?").get(key);
  if (!Array.isArray(row)) return null;
  const [session, expiresAt, answer] = row;
  return {
    key,
    session: session === null ? null : String(session),
    expiresAt: Number(expiresAt),
    answer: String(answer),
  };
}
