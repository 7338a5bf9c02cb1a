/** Logs in to an SSH host (RFC 4252): by agent, then by key, then by password, each once. */
import type { AnyAuthMethod, AuthHandlerMiddleware, ParsedKey } from "ssh2";
import { OperatorError } from "../../errors.ts";
import { operatorKey } from "../operator-key.ts";
import type { SftpTarget } from "../publisher.ts";
import { readPrivateKey, type Ssh2 } from "./private-key.ts";

/** One login, for one connection. */
export type Login = {
  readonly handler: AuthHandlerMiddleware;
  /** Whether the host has been shown anything yet. */
  hasBegun(): boolean;
  /** Why it failed, once the host has refused everything. */
  explain(): OperatorError;
  /** The agent cannot be used; the other ways still can. */
  agentFailed(): void;
};

type Way = "agent" | "key" | "password";

/** Reads the target's key. Throws OperatorError when it cannot be read. The result is for any number of logins. */
export function prepareLogin(ssh2: Ssh2, target: SftpTarget): () => Login {
  const key = target.privateKey === null ? null : readPrivateKey(ssh2, target, target.privateKey);
  return () => createLogin(target, key);
}

function createLogin(target: SftpTarget, key: ParsedKey | null): Login {
  const { user: username, password, agent } = target;
  const left: Way[] = [];
  if (agent !== null) left.push("agent");
  if (key !== null) left.push("key");
  if (password !== null) left.push("password");
  const tried: Way[] = [];
  let offered: readonly string[] = [];
  let isAgentBroken = false;

  /** The method for a way of logging in; null when the host does not offer it. */
  function methodFor(way: Way): AnyAuthMethod | null {
    if (way === "agent")
      return offered.includes("publickey") && agent !== null ? { type: "agent", username, agent } : null;
    if (way === "key")
      return offered.includes("publickey") && key !== null ? { type: "publickey", username, key } : null;
    if (password === null) return null;
    // Many hosts ask for the password by keyboard-interactive only (RFC 4256). Never by both: a wrong password would
    // be counted twice, and some hosts lock an account out after few.
    if (offered.includes("password")) return { type: "password", username, password };
    if (!offered.includes("keyboard-interactive")) return null;
    return { type: "keyboard-interactive", username, prompt: answerOnce(password) };
  }

  return {
    handler(methods: readonly string[] | null, _partial, next) {
      // "none" asks the host which methods it offers (RFC 4252 section 5.2).
      if (methods === null) return next({ type: "none", username });
      offered = methods;
      const way = left.find((candidate) => methodFor(candidate) !== null);
      const method = way === undefined ? null : methodFor(way);
      // ssh2 takes false as the end; its types do not know.
      if (way === undefined || method === null) return next(false as never);
      left.splice(left.indexOf(way), 1);
      tried.push(way);
      next(method);
    },
    hasBegun: () => tried.length > 0,
    agentFailed: () => {
      isAgentBroken = true;
    },
    explain: () => explainRefusal(target, { tried, offered, isAgentBroken }),
  };
}

/** Answers the first hidden question with the password, and any other with nothing. */
function answerOnce(password: string) {
  let answers = [password];
  return (
    _name: string,
    _instructions: string,
    _language: string,
    prompts: ReadonlyArray<{ readonly echo?: boolean }>,
    finish: (answers: string[]) => void,
  ): void => {
    const given = prompts.map((prompt) => (prompt.echo === true ? "" : (answers.pop() ?? "")));
    if (prompts.length > 0) answers = [];
    finish(given);
  };
}

type Course = { readonly tried: readonly Way[]; readonly offered: readonly string[]; readonly isAgentBroken: boolean };

function explainRefusal(target: SftpTarget, { tried, offered, isAgentBroken }: Course): OperatorError {
  const { host, user, agent } = target;
  if (isAgentBroken && target.privateKey === null && target.password === null) {
    return new OperatorError(operatorKey(target, "agent"), `the SSH agent at ${agent} cannot be used; is it running?`);
  }
  const setting = target.password !== null ? "password" : target.privateKey !== null ? "privateKey" : "agent";
  const names = { agent: "the keys of the agent", key: "this key", password: "this password" } as const;
  const shown = tried.map((way) => names[way]).join(" nor with ");
  const offers = offered.length > 0 ? ` (it offers ${offered.join(", ")})` : "";
  const said =
    shown === "" ? `takes no login of the kind that is set${offers}` : `does not let ${user} in with ${shown}${offers}`;
  const agentNote = isAgentBroken ? `. The SSH agent at ${agent} could not be used` : "";
  return new OperatorError(operatorKey(target, setting), `${host} ${said}${agentNote}`);
}
