// The four floors of docs/architecture.md: a file imports its own folder and lower floors, never a higher one.
const floors = [
  ["model", "config", "presets", "secrets", "process", "log\\.ts", "errors\\.ts"],
  [
    "sources",
    "git",
    "sandbox",
    "toolchain",
    "caches",
    "artifacts",
    "releases",
    "publishers",
    "github",
    "slack",
    "store",
    "queue",
    "http",
  ],
  ["handlers", "commands", "pipeline", "build", "prerender", "links", "publish", "notify"],
  ["inbox", "outbox", "web"],
  ["main\\.ts", "cli", "demo", "app\\.ts"],
];
const place = (names) => `^src/(${names.map((name) => (name.endsWith(".ts") ? `${name}$` : `${name}/`)).join("|")})`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...floors.slice(0, -1).map((names, floor) => ({
      name: `floor-${floor}-imports-no-higher-floor`,
      severity: "error",
      from: { path: place(names) },
      to: { path: place(floors.slice(floor + 1).flat()) },
    })),
    {
      name: "folders-of-floor-1-do-not-import-each-other",
      comment: "One folder per thing it talks to: what they share is vocabulary and lives on the ground floor.",
      severity: "error",
      from: {
        path: "^src/(sources|git|sandbox|toolchain|caches|artifacts|releases|publishers|github|slack|store|queue|http)/",
      },
      to: {
        path: "^src/(sources|git|sandbox|toolchain|caches|artifacts|releases|publishers|github|slack|store|queue|http)/",
        pathNot: "^src/$1/",
      },
    },
    {
      name: "thinking-does-no-io",
      comment: "Model, handlers, the plan, the wording of notices and the rules of the configuration are pure.",
      severity: "error",
      from: {
        path: "^src/(model/|handlers/|releases/plan\\.ts|notify/wording/|presets/|config/(schema|rules)\\.ts)",
      },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?(crypto|path|path/posix|util)$" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "source-imports-no-test", severity: "error", from: { path: "^src/" }, to: { path: "^(test|bench)/" } },
    { name: "not-resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^src/demo/sites/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
