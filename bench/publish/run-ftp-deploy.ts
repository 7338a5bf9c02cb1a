/** Publishes with @samkirkland/ftp-deploy, as FTP-Deploy-Action does. Its options come in the variable OPTIONS. */
import { createRequire } from "node:module";

const { modules, protocol, host, port, user, password, folder } = JSON.parse(process.env.OPTIONS ?? "");
const { deploy } = createRequire(modules)("@samkirkland/ftp-deploy");
await deploy({
  server: host,
  port,
  username: user,
  password,
  protocol,
  "local-dir": `${folder}/`,
  "server-dir": "./",
  "log-level": "minimal",
});
