/** Words as nobody should choose them: for properties of what is told. */
import fc from "fast-check";

const PIECES = [
  ...[
    "<!channel>",
    "<!here|x>",
    "<@U0ALICE>",
    "<#C0SHOP>",
    "<https://evil.example|click>",
    "<!subteam^S0OPS>",
    "&lt;!here&gt;",
  ],
  ...[
    "&",
    "<",
    ">",
    "|",
    "*x*",
    "*",
    "_y_",
    "_",
    "~z~",
    "~",
    "`",
    "``",
    "```",
    "`code`",
    "@here",
    "@channel",
    "\n",
    "\r\n",
  ],
  ...[
    "\u202etxt",
    "\u200f",
    "\u2066",
    "\u200b",
    "\u0000",
    "👩‍👩‍👧",
    "\ud83d",
    ":tada:",
    "&gt; quote",
    " ",
    "word",
    "U0ALICE",
  ],
];

/** Any string, or one of the worst pieces. */
export const hostileWord: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 400, unit: "binary" }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 200 }).map((pieces) => pieces.join("")),
);

/** The longest that GitHub, Slack and people can make them. */
export const LONGEST = {
  site: "s".repeat(40),
  repoName: `${"o".repeat(39)}/${"r".repeat(100)}`,
  branch: "b&".repeat(125),
  author: "&<".repeat(100),
  title: "<👍&>".repeat(2000),
  reason: ">`&".repeat(3000),
  id: "d-mf2k9x1c-4f7a",
  release: "f".repeat(64),
  url: `https://example.com/${"a&b".repeat(600)}`,
  log: Array.from({ length: 10_000 }, (_, n) => `${n} <!channel> & \`\`\` *x* ${"&".repeat(n % 700)}`).join("\n"),
};
