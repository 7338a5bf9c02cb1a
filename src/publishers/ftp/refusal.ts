/** A reply that refuses a path for good, as the error that says what to do about it. */
import { PermanentError } from "../../errors.ts";
import { HostFullError } from "../publisher.ts";
import { classifyReply, quoteReply, type ReplyKind } from "./replies.ts";

const ADVICE: { readonly [Kind in ReplyKind]?: string } = {
  permission: "Give the account the right to write there (owner and mode of the folder and of what is in it).",
  "forbidden-name": "The host forbids this name: have that rule lifted, or leave the file out of the site.",
  missing: "The folder that it belongs in is not there.",
  exists: "Something else has this name: move it away.",
};

/** `reply` is the refusal of a command about `path`, a path of the publish. */
export function refusalOf(path: string, reply: { code: number; message: string }): PermanentError {
  const kind = classifyReply(reply);
  if (kind === "full") return new HostFullError(`There is no room left on the host: ${quoteReply(reply)}`);
  const advice =
    ADVICE[kind] ?? "If something else has this name, move it away; otherwise check the rights of the account.";
  return new PermanentError(`The host refuses ${path}: ${quoteReply(reply).replace(/\.$/, "")}. ${advice}`);
}
