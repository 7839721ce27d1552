/** Codes of the failures this package throws, or that its ports promise. */
export const runtimeErrorCodes = {
  "agent.empty_name": "An agent was registered without a name. Give it one: runs ask for it by that.",
  "agent.exists": "An agent of this name is registered. Choose another name, or use `replace`.",
  "agent.not_found":
    "The agent named by the request is not configured. Use one of those that the message lists.",
  "agent.wrong_name":
    "What an agent's `build` answered has another name than the agent was registered with. Make the names the same.",
  "approval.answered":
    "The question was answered before; an answer counts once. Look at the session to see by whom.",
  "approval.expired":
    "The question's time ran out, which the run took as a denial. Run the prompt again if it still matters.",
  "approval.invalid_answer":
    "The answer does not fit the question: `allow` or `deny` for an approval, `rerun`, `done` or `deny` for an effect whose outcome is unknown, `answer` with a note or `deny` for a question of the model.",
  "approval.not_found":
    "No run of the session waits for an answer to this question. List the session's pending questions.",
  "call.needs_person":
    "A tool called another one on which a person has to decide, and a tool cannot wait for that. Let the model call that tool itself.",
  "call.too_many": "A tool called others more often than a run allows. Split the work.",
  "call.unknown_outcome":
    "A tool that was interrupted had called another one, and nobody knows what became of that. Find out before it is done again.",
  "engine.cancelled":
    "Somebody cancelled the run; the message says why. Submit another one if it is still wanted.",
  "engine.duplicate_program":
    "Two programs were registered under one name. Choose another name for one of them.",
  "engine.duplicate_step":
    "A program used a name for two steps or two sleeps of one run. Give each its own, for example with a number.",
  "engine.invalid_event":
    "An event in an engine's stream cannot be read. It was damaged, or something else wrote it; restore the store from a backup.",
  "engine.lease_lost":
    "The process lost its claim on a run's key, so another one may be making the run. Nothing needs to be done.",
  "engine.not_found":
    "The run was never submitted under this key. Submit it first, or look under its own tenant and key.",
  "engine.run_ended":
    "A program left something behind that went on after its run had ended. Let it await everything it begins.",
  "engine.same_key":
    "A program called a run under its own key, which could never begin. Use another key for the called run.",
  "engine.stopped":
    "The engine is shutting down. Unfinished runs are taken up by the next one on the same store; ask again there.",
  "environment.unavailable":
    "The agent has no environment, so its tools cannot touch files or commands. Give its configuration an `openEnvironment`.",
  "grant.not_found":
    "The caller has no such grant: it may have expired, or been revoked. List the grants that there are.",
  "hook.failed":
    "A hook threw or took too long. Hooks gate, so they fail closed. Repair the hook that the message names.",
  "run.blocked":
    "A hook did not let the run begin. The message says why: see to what it names, then run the prompt again.",
  "run.deadline": "The caller's deadline passed before the run ended; the run was cancelled.",
  "run.model_contract":
    "A model adapter ended a stream without saying how it finished. Report it to the adapter's author.",
  "run.profile_changed":
    "An interrupted run was taken up under another environment or profile than it began with, so it ended. Start a new run in the session.",
  "run.time_limit":
    "The run took longer than its limit of wall clock. Raise `maxDurationMs`, or ask for less.",
  "run.unknown_price":
    "A run with a cost limit uses a model whose price is unknown. Give the model a price, or limit tokens instead.",
  "runtime.not_started": "A run was handed in before the runtime was started. Call `start()` first.",
  "session.busy_fork": "The event to fork at is inside a run. Fork at an event between two runs.",
  "session.too_many_values":
    "A session holds 2,000 texts behind handles at most, and has that many. Go on in a new session, with a hand-off of this one.",
  "session.invalid_id":
    "An external id has other characters than letters, digits, `.`, `_`, `:` and `-`, or is longer than 128.",
  "session.invalid_seq":
    "A sequence number is outside the session. Use a whole number in the range that the message names.",
  "session.not_found": "The tenant has no session of this id. List the tenant's sessions.",
  "journal.conflict":
    "An append expected another version than the stream has: somebody else appended. Read the new events, decide again, append again.",
  "journal.closed": "The journal was closed. Open it again.",
  "journal.invalid_stream":
    "The stream's name has other characters than a-z, A-Z, 0-9, `.`, `_`, `:`, `/` and `-`, or is empty or longer than 200. Choose another name.",
  "journal.unavailable":
    "The journal could not write or read its disk, so nothing was acknowledged. Free space or repair the disk, then try again.",
  "lease.invalid_key":
    "The key of a lease has other characters than a-z, A-Z, 0-9, `.`, `_`, `:`, `/` and `-`, or is empty or longer than 200. Choose another key.",
} as const;
