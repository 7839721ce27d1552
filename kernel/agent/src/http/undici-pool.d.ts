/** The one module of undici we need: importing it costs a third of what the whole package costs. */
declare module "undici/lib/dispatcher/pool.js" {
  import { Pool } from "undici";

  export default Pool;
}
