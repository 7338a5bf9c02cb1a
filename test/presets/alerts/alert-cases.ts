/** All monitoring senders, as cases of the contract of presets. */
import type { PresetCase } from "../preset-case.ts";
import { signedCases } from "./signed-cases.ts";
import { tokenCases } from "./token-cases.ts";

export const alertCases: readonly PresetCase[] = [...tokenCases, ...signedCases];
