export { readSmallFile, readTextFile, smallFileBytes } from "./read-small-file.ts";
