#!/usr/bin/env node
import { main } from "./main.ts";
import { tameConsole } from "./tame-console.ts";

tameConsole(process);
process.exitCode = await main(process.argv.slice(2));
