/** Deploys over and over, with many folders of dependencies: `node deploy-until-killed.ts FOLDER`. */
import { createCacheWorld } from "./cache-world.ts";
import { installMany, MANY } from "./many-packages.ts";

const { deploy } = createCacheWorld(process.argv[2] ?? "");
for (;;) {
  const { isWarm } = await deploy({ files: MANY, install: installMany });
  process.stdout.write(isWarm ? "warm\n" : "cold\n");
}
