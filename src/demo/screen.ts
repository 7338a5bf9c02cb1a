/** What the demo prints: the story in colour, and at the end a table of what was checked. */
import { styleText } from "node:util";

export type Claim = { readonly act: string; readonly name: string; readonly holds: boolean; readonly seen: string };

export type Screen = {
  title(text: string): void;
  /** Something that happened; `from` says who shows it. */
  step(from: "git" | "GitHub" | "Slack" | "CMS" | "alerts" | "site" | "host" | "Slipway", text: string): void;
  note(text: string): void;
  claim(claim: Claim): void;
  table(claims: readonly Claim[]): void;
};

const COLOURS = {
  git: "yellow",
  GitHub: "magenta",
  Slack: "cyan",
  CMS: "magenta",
  alerts: "magenta",
  site: "green",
  host: "blue",
  Slipway: "gray",
} as const;

export function createScreen(stream: NodeJS.WriteStream = process.stdout): Screen {
  const print = (line: string) => stream.write(`${line}\n`);
  const style = (format: Parameters<typeof styleText>[0], text: string) => styleText(format, text, { stream });
  const startMs = performance.now();
  const clock = () => style("gray", `${((performance.now() - startMs) / 1000).toFixed(1).padStart(6)} s`);
  const mark = (holds: boolean) => (holds ? style("green", "✓") : style("red", "✗"));

  return {
    title: (text) => print(`\n${style("bold", text)}`),
    step: (from, text) => print(`${clock()}  ${style(COLOURS[from], from.padEnd(7))}  ${text}`),
    note: (text) => print(`${" ".repeat(10)}${text}`),
    claim: ({ name, holds, seen }) =>
      print(`${clock()}  ${mark(holds)} ${name}${seen ? style("gray", ` — ${seen}`) : ""}`),
    table(claims) {
      const width = Math.max(...claims.map((it) => it.name.length));
      print(`\n${style("bold", "What was checked from outside")}`);
      let lastAct = "";
      for (const { act, name, holds, seen } of claims) {
        if (act !== lastAct) print(`  ${act}`);
        lastAct = act;
        print(`    ${mark(holds)} ${name.padEnd(width)}  ${style("gray", seen)}`);
      }
      const failed = claims.filter((it) => !it.holds).length;
      print(
        failed === 0
          ? style("green", `\n  All ${claims.length} claims hold.`)
          : style("red", `\n  ${failed} of ${claims.length} claims do not hold.`),
      );
    },
  };
}
