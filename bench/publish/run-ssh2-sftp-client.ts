/** Publishes with ssh2-sftp-client's own way to send a folder. Its options come in the variable OPTIONS. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { modules, host, port, user, keyFile, folder } = JSON.parse(process.env.OPTIONS ?? "");
const Client = createRequire(modules)("ssh2-sftp-client");
const client = new Client();
await client.connect({ host, port, username: user, privateKey: readFileSync(keyFile) });
await client.uploadDir(folder, await client.cwd());
await client.end();
