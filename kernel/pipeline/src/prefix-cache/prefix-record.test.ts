import { describePrefixBook } from "../testing/describe-prefix-book.ts";
import { createMemoryPrefixBook } from "./prefix-record.ts";

describePrefixBook("createMemoryPrefixBook()", async () => ({
  book: createMemoryPrefixBook(),
  async [Symbol.asyncDispose]() {},
}));
