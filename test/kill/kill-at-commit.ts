/**
 * Loaded into Slipway before it starts: kills the process, as SIGKILL does, right before or right after the n-th commit
 * to its store, counted from SIGUSR2 on. Between two commits lies everything Slipway does: posts, uploads, nudges.
 * KILL_AT is "before:7" or "after:7".
 */
import Database from "better-sqlite3";

const [moment, number] = (process.env.KILL_AT ?? "after:0").split(":");
let counting = false;
let commits = 0;
process.on("SIGUSR2", () => {
  counting = true;
});

const { prepare } = Database.prototype;
Database.prototype.prepare = function (this: Database.Database, sql: string) {
  const statement = prepare.call(this, sql);
  if (sql !== "COMMIT") return statement;
  const { run } = statement;
  statement.run = (...parameters: unknown[]) => {
    const isTheOne = counting && ++commits === Number(number);
    if (isTheOne && moment === "before") process.kill(process.pid, "SIGKILL");
    const result = Reflect.apply(run, statement, parameters) as Database.RunResult;
    if (isTheOne) process.kill(process.pid, "SIGKILL");
    return result;
  };
  return statement;
} as typeof prepare;
