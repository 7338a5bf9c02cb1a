/** Asks Slipway for an operation and prints its answer. Loaded by the commands that need it, when they run. */
import type { OperationName } from "../commands/operations.ts";
import { callOperation } from "./control.ts";
import { loadSettings } from "./settings.ts";

export type Printing = { readonly json?: boolean | undefined };

/** Calls the operation and prints the result: as JSON, or as `show` does. Throws what `callOperation` throws. */
export async function answer<T>(
  env: NodeJS.ProcessEnv,
  name: OperationName,
  input: unknown,
  { json }: Printing,
  show: (result: T) => void,
): Promise<void> {
  const result = await callOperation(await loadSettings(env), name, input);
  if (json) console.log(JSON.stringify(result, null, 2));
  else show(result as T);
}
