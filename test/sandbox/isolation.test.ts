/** What a build can see and reach, in the kinds of isolation that promise something. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { describeWithProgram } from "../servers/available.ts";
import { openWorld, type WorldOptions } from "./sandbox-world.ts";

const isRoot = process.getuid?.() === 0;
const KINDS = [
  ["bubblewrap", "slirp4netns"],
  ["bubblewrap", "pasta"],
  ...(isRoot ? ([["user", "slirp4netns"]] as const) : []),
] as const;

/** A server on all of this machine's addresses, as Slipway itself may be one. */
async function listen(): Promise<number> {
  const server = createServer((_, response) => response.end("the-service"));
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const get = (url: string) =>
  `node -e 'fetch("${url}", { signal: AbortSignal.timeout(3000) }).then((r) => r.text()).then(console.log, (e) => console.log("refused", e.cause?.code ?? e.name))'`;

const ownAddress = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === "IPv4" && !address.internal)?.address;

describeWithProgram("bwrap", "A build", () => {
  describe.each(KINDS)("in isolation %s with %s", (isolation, networkTool) => {
    const open = (options: WorldOptions = {}) => openWorld(isolation, { networkTool, ...options });

    it("says what is in force", async () => {
      const { sandbox } = await open();
      expect(sandbox.isolation).toBe(isolation);
      expect(sandbox.summary).toMatch(
        new RegExp(`^${isolation}: .*\\(${networkTool}\\).*private addresses are closed`),
      );
    });

    it("sees its own environment and processes, and nobody else's", async () => {
      const { run } = await open();
      const { output } = await run(
        "env | sort; echo ==; ls -d /proc/[0-9]*; cat /proc/*/environ | tr '\\0' '\\n' | sort -u; id -u",
        {
          env: { PATH: "/usr/bin:/bin", MINE: "mine" },
        },
      );
      expect(output).toContain("MINE=mine");
      expect(output).not.toContain("VITEST");
      expect(output.match(/\/proc\/\d+/g)?.length).toBeLessThan(12);
      expect(output.trim().split("\n").at(-1)).not.toBe("0");
    });

    it("reads neither the database, nor another site's workspace, nor what root may read", async () => {
      const { run, dataDir, other } = await open();
      const { output } = await run(
        `cat ${dataDir}/slipway.db ${other}/page.txt /etc/shadow; ls ${other} /root; ls ${dataDir}`,
      );
      expect(output).not.toMatch(/the-database|the-other-site|root:/);
      expect(output).not.toContain("page.txt\n");
    });

    it("writes into its workspace and nowhere else", async () => {
      const { run, dataDir, other, work } = await open();
      const place = `slipway-outside-${process.pid}`;
      await run(`for f in /etc /usr /usr/bin ${dataDir} ${other} /work; do touch $f/${place}; done; echo yes > mine`);
      expect(readFileSync(join(work, "mine"), "utf8")).toBe("yes\n");
      for (const folder of ["/etc", "/usr", "/usr/bin", dataDir, other])
        expect(existsSync(join(folder, place)), folder).toBe(false);
    });

    it("reaches neither the loopback of the machine nor the machine's own address", async () => {
      const port = await listen();
      const { run } = await open();
      expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe("the-service");
      const urls = ["127.0.0.1", "localhost", ...(ownAddress ? [ownAddress] : [])].map(
        (host) => `http://${host}:${port}`,
      );
      const { output } = await run(urls.map(get).join("\n"));
      expect(output).not.toContain("the-service");
      expect(output.match(/refused/g)).toHaveLength(urls.length);
    });

    it("without a network has its own loopback alone", async () => {
      const { run } = await open();
      const server = `require("http").createServer((_, r) => r.end("its-own")).listen(4321, "127.0.0.1", async () => {
        console.log(await (await fetch("http://127.0.0.1:4321")).text()); process.exit() })`;
      const { output } = await run(`node -e '${server}'; ${get("http://198.18.77.3")}`, { network: "none" });
      expect(output).toContain("its-own");
      expect(output).toContain("refused");
    });

    it.skipIf(!isRoot)("does not reach the address at which clouds answer with credentials", async () => {
      // Names of its own each time: a namespace goes some time after it was deleted.
      const name = `slipway-meta-${isolation}-${networkTool}-${process.pid}`;
      const device = `slm${isolation[0]}${networkTool[0]}${process.pid}`;
      const ip = (...args: string[]) => execFileSync("ip", args, { stdio: "pipe" });
      ip("netns", "add", name);
      let server: ChildProcess | undefined;
      onTestFinished(async () => {
        if (server?.kill("SIGKILL")) await once(server, "exit");
        // Its end of the pair of devices goes with it, and so does the other.
        ip("netns", "del", name);
      });
      ip("link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", name);
      ip("addr", "add", "169.254.169.1/24", "dev", device);
      ip("link", "set", device, "up");
      ip("-n", name, "addr", "add", "169.254.169.254/24", "dev", "eth0");
      ip("-n", name, "link", "set", "eth0", "up");
      const code = 'require("http").createServer((_, r) => r.end("the-credentials")).listen(80)';
      server = spawn("ip", ["netns", "exec", name, process.execPath, "-e", code], { stdio: "ignore" });
      const url = "http://169.254.169.254/";
      await vi.waitFor(async () => expect(await (await fetch(url)).text()).toBe("the-credentials"), {
        timeout: 10_000,
      });

      const { run } = await open();
      expect((await run(get(url))).output).toMatch(/^refused/);
      const opened = await open({ allowHosts: ["169.254.169.254"] });
      expect((await opened.run(get(url))).output).toBe("the-credentials");
    });
  });
});
