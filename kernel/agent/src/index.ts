export type { Model, ModelRequest } from "./model.ts";
