/** Codes of the failures this package throws. */
export const pipelineErrorCodes = {
  "answer.wrong_shape":
    "The answer is not JSON of the shape that was asked for. Ask again, allow a longer answer, or use a model that can be held to a schema.",
  "answer.unusable_schema":
    "An answer cannot be compared with the JSON Schema that was asked for: a reference leads nowhere or in a circle, or a pattern is none. Correct the schema.",
  "budget.cut":
    "The answer grew beyond what was set aside for it, and the budget had no room for more. What was said until then is billed. Raise the limit, or ask for a shorter answer.",
  "budget.exceeded":
    "The call does not fit into a budget. The details name the scope, the window and the limit; `retryAfterMs` tells when the window ends.",
  "budget.unavailable":
    "The budget could not be checked, so the call was not made. Ask again; the log has the cause.",
  "budget.unknown_price":
    "Money is limited, but nobody knows what the model costs. Give it a price, or allow unknown prices.",
  "pipeline.deadline":
    "The call's deadline passed before the answer ended. Give it more time, or ask for a shorter answer.",
  "pipeline.wrong_order":
    "The layers of a pipeline are not in their order, or one is there twice. The message names both layers and what to do.",
  "pipeline.circuit_open":
    "The provider failed too often lately and is not asked for a while. Ask again after `retryAfterMs`, or use another model.",
  "auth.unauthenticated": "The call has no credential that is valid for its tenant. Send one that is.",
  "auth.unavailable":
    "The authenticator could not answer, so the call was not made. The log has the cause; ask again later.",
  "iam.denied":
    "No rule allows the principal to use the model, or one denies it. Ask for the scope, or use another model.",
  "iam.unavailable":
    "The policy could not decide, so the call was not made. The log has the cause; ask again later.",
  "validation.rejected":
    "A validator does not accept the answer. Nothing asks the model again: change the prompt, or use another model.",
  "guard.blocked":
    "The guard does not let the prompt leave; the message names what it found. Change the prompt, or the rules if they are wrong.",
  "guard.unavailable":
    "The prompt's classifier failed, and the guard is told not to go on without it. The log has the cause; ask again later.",
} as const;
