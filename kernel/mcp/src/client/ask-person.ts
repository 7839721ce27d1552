import type { CallContext, JsonObject, JsonSchema } from "@tau/core";
import type { ToolContext } from "@tau/tools";

/** What a server wants from the person. Everything in it is the server's word: show it as such. */
export type PersonRequest =
  | {
      readonly kind: "form";
      readonly server: string;
      readonly message: string;
      /** An object of texts, numbers, booleans and choices. */
      readonly schema: JsonSchema;
    }
  | {
      readonly kind: "url";
      readonly server: string;
      readonly message: string;
      /** An https address, or an http one of this machine. Show all of it, and open it only when the person says so. */
      readonly url: string;
    };

/** What the person said. `content` fits the form's schema; what is left out gets the schema's defaults. */
export type PersonAnswer =
  | { readonly action: "accept"; readonly content?: JsonObject }
  | { readonly action: "cancel" | "decline" };

/**
 * Asks the person of a call something that a server wants to know.
 *
 * Contract: rejects promptly when the signal aborts. `ask` is the way to ask through the run whose call made the server ask,
 * where there is one: its questions are in the session, and the call's time stands still meanwhile. Whoever has nobody to ask gives no such function, and servers
 * are told that they cannot ask.
 */
export type AskPerson = (
  request: PersonRequest,
  context: {
    readonly call: CallContext;
    readonly signal: AbortSignal;
    readonly ask?: ToolContext["ask"];
  },
) => Promise<PersonAnswer>;
