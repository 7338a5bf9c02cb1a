/**
 * What an FTP server says and does, command by command. The real daemons and the demo's server in their flavours all
 * have to pass, so the demo's server can stand in for them. The texts come from the demo's tables.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Flavour, fillReply, REPLIES, type ReplyName, type ReplyValues } from "../../src/demo/ftp/replies.ts";
import { connectRaw, type RawFtpClient, type RawReply } from "./raw-ftp-client.ts";

export type ConformanceServer = {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  stop(): Promise<void>;
};

export type ConformanceOptions = {
  readonly flavour: Flavour;
  /** Whether STOR and RNTO may replace files. Default: true. */
  readonly overwrites?: boolean;
  start(root: string): Promise<ConformanceServer>;
};

/** Declares the tests; to be called inside a `describe`. */
export function ftpConformance({ flavour, overwrites = true, start }: ConformanceOptions): void {
  let root = "";
  let server: ConformanceServer;
  let clients: RawFtpClient[] = [];
  let folders = 0;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "slipway-ftp-"));
    server = await start(root);
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(root, { recursive: true, force: true });
  });
  afterEach(() => {
    for (const client of clients) client.close();
    clients = [];
  });

  async function connect(): Promise<RawFtpClient> {
    const client = await connectRaw(server.port);
    clients.push(client);
    expect(await client.reply()).toMatchObject({ code: 220 });
    return client;
  }

  /** A client that is logged in, in a folder of its own. */
  async function connectInFolder(): Promise<{ client: RawFtpClient; folder: string }> {
    const client = await connect();
    await client.login(server.user, server.password);
    folders += 1;
    const folder = `/folder-${folders}`;
    const [type, made, changed] = await client.send("TYPE I", `MKD ${folder}`, `CWD ${folder}`);
    expect([type?.code, made?.code, changed?.code]).toEqual([200, 257, 250]);
    return { client, folder };
  }

  function says(name: ReplyName, values: ReplyValues = {}): RawReply {
    return sameTimes(parse(fillReply(REPLIES[flavour][name], values)));
  }

  function content(folder: string, name: string): string {
    return readFileSync(join(root, folder, name), "utf8");
  }

  /** In place of `it.skipIf`, whose skipped tests would look like servers that are missing. */
  const itIf = (condition: boolean) => (condition ? it : () => {});

  it("logs the user in", async () => {
    const client = await connect();
    expect(await client.command(`USER ${server.user}`)).toEqual(says("askPassword", { user: server.user }));
    expect(await client.command(`PASS ${server.password}`)).toEqual(says("loggedIn", { user: server.user }));
    expect(await client.command("PWD")).toEqual(says("currentFolder", { folder: "/" }));
  });

  it("refuses a wrong password, and takes the right one afterwards", async () => {
    const client = await connect();
    expect(await client.login(server.user, "not it")).toEqual(says("wrongPassword"));
    expect(await client.command("PWD")).toEqual(says("loginFirst"));
    expect(await client.login(server.user, server.password)).toEqual(says("loggedIn", { user: server.user }));
  });

  it("refuses a password without a user, and commands before the login", async () => {
    const client = await connect();
    expect(await client.command("PASS something")).toEqual(says("userFirst"));
    expect(await client.command("MKD early")).toEqual(says("loginFirst"));
  });

  it("answers the small questions in its own words", async () => {
    const { client } = await connectInFolder();
    expect(await client.command("SYST")).toEqual(says("system"));
    expect(await client.command("NOOP")).toEqual(says("noop"));
    expect(await client.command("TYPE A")).toEqual(says("typeAscii"));
    expect(await client.command("TYPE I")).toEqual(says("typeBinary"));
    expect(await client.command("OPTS UTF8 ON")).toEqual(says("utf8On"));
    expect(await client.command("ABOR")).toEqual(says("nothingToAbort"));
    expect(await client.command("BOGUS")).toEqual(says("unknownCommand", { verb: "BOGUS" }));
    const features = await client.command("FEAT");
    expect(features.code).toBe(211);
    for (const feature of ["EPSV", "SIZE", "MDTM", "REST STREAM"]) expect(features.text).toContain(`\r\n ${feature}`);
    expect(features.text.includes("MLST")).toBe(flavour !== "vsftpd");
  });

  it("stores a file, tells its size and time, and gives it back", async () => {
    const { client, folder } = await connectInFolder();
    const replies = await client.upload("STOR page.html", "<p>hello</p>");
    expect(replies.map(sameTimes)).toEqual([
      says("storeStarts", { type: "BINARY", path: "page.html" }),
      says("storeDone"),
    ]);
    expect(content(folder, "page.html")).toBe("<p>hello</p>");
    expect(await client.command("SIZE page.html")).toEqual({ code: 213, text: "12" });
    expect(await client.command("MDTM page.html")).toMatchObject({
      code: 213,
      text: expect.stringMatching(/^\d{14}$/),
    });
    const download = await client.download("RETR page.html");
    expect(download.content).toBe("<p>hello</p>");
    expect(download.replies.map(sameTimes)).toEqual([
      says("retrieveStarts", { type: "BINARY", path: "page.html", size: 12 }),
      says("retrieveDone"),
    ]);
  });

  it("stores an empty file", async () => {
    const { client, folder } = await connectInFolder();
    expect((await client.upload("STOR empty", "")).map(({ code }) => code)).toEqual([150, 226]);
    expect(content(folder, "empty")).toBe("");
  });

  it("takes PASV as well as EPSV", async () => {
    const { client } = await connectInFolder();
    const reply = await client.command("PASV");
    const [, high, low] = /\(127,0,0,1,(\d+),(\d+)\)/.exec(reply.text) ?? [];
    expect(reply).toEqual(says("passive", { hostAndPort: `127,0,0,1,${high},${low}` }));
  });

  it("takes EPSV and STOR in one write, and waits for the data connection", async () => {
    const { client, folder } = await connectInFolder();
    const data = await client.openDataAfter("STOR early.txt");
    expect((await client.reply()).code).toBe(150);
    data.end("early");
    expect((await client.reply()).code).toBe(226);
    expect(content(folder, "early.txt")).toBe("early");
  });

  it("refuses a transfer for which nobody opened a port", async () => {
    const { client } = await connectInFolder();
    expect(await client.command("STOR nowhere.txt")).toEqual(says("noDataConnection"));
  });

  it("says in its own words that a file is missing", async () => {
    const { client } = await connectInFolder();
    const values = { path: "gone", reason: "No such file or directory" };
    expect(await client.command("SIZE gone")).toEqual(says("sizeMissing", values));
    expect(await client.command("MDTM gone")).toEqual(says("timeMissing", values));
    expect(await client.command("DELE gone")).toEqual(says("fileNotDeleted", values));
    expect(await client.command("RMD gone")).toEqual(says("folderNotRemoved", values));
    expect(await client.command("CWD gone")).toEqual(says("folderNotChanged", values));
    expect((await client.download("RETR gone")).replies).toEqual([says("retrieveFailed", values)]);
  });

  it("tells no size of a folder, and does not delete it as a file", async () => {
    const { client } = await connectInFolder();
    await client.command("MKD sub");
    expect(await client.command("SIZE sub")).toEqual(says("sizeNotFile", { path: "sub" }));
    expect(await client.command("DELE sub")).toMatchObject({ code: 550 });
  });

  it("makes a folder once, and only inside one that exists", async () => {
    const { client, folder } = await connectInFolder();
    await client.upload("STOR file", "x");
    expect(await client.command("MKD new")).toEqual(says("folderMade", { path: "new", absolute: `${folder}/new` }));
    expect(await client.command("MKD new")).toEqual(says("folderNotMade", { path: "new", reason: "File exists" }));
    const nested = { path: "none/new", reason: "No such file or directory" };
    expect(await client.command("MKD none/new")).toEqual(says("folderNotMade", nested));
    const below = { path: "file/new", reason: "Not a directory" };
    expect(await client.command("MKD file/new")).toEqual(says("folderNotMade", below));
  });

  it("removes empty folders only", async () => {
    const { client } = await connectInFolder();
    await client.send("MKD full", "MKD full/sub");
    const full = { path: "full", reason: "Directory not empty" };
    expect(await client.command("RMD full")).toEqual(says("folderNotRemoved", full));
    expect(await client.command("RMD full/sub")).toEqual(says("folderRemoved"));
    expect(await client.command("RMD full")).toEqual(says("folderRemoved"));
  });

  it("walks between folders, and not above the root", async () => {
    const { client, folder } = await connectInFolder();
    await client.command("MKD sub");
    expect(await client.command("CWD sub")).toEqual(says("folderChanged", { folder: `${folder}/sub` }));
    expect(await client.command("CDUP")).toEqual(says("folderUp", { folder }));
    expect(await client.command("CWD /../..")).toEqual(says("folderChanged", { folder: "/" }));
    expect(await client.command("SIZE ../../etc/passwd")).toMatchObject({ code: 550 });
  });

  it("renames files, and says what is wrong with a rename", async () => {
    const { client, folder } = await connectInFolder();
    await client.upload("STOR a", "a");
    expect(await client.send("RNFR a", "RNTO b")).toEqual([says("renameReady"), says("renameDone")]);
    expect(content(folder, "b")).toBe("a");
    const missing = { path: "a", reason: "No such file or directory" };
    expect(await client.send("RNFR a", "RNTO c")).toEqual([says("renameMissing", missing), says("renameOutOfOrder")]);
    const nowhere = { path: "none/b", reason: "No such file or directory" };
    expect(await client.send("RNFR b", "RNTO none/b")).toEqual([says("renameReady"), says("renameFailed", nowhere)]);
  });

  it(`${overwrites ? "replaces" : "does not replace"} a file with RNTO`, async () => {
    const { client, folder } = await connectInFolder();
    await client.upload("STOR new", "new");
    await client.upload("STOR old", "old");
    const [, renamed] = await client.send("RNFR new", "RNTO old");
    expect(renamed).toEqual(overwrites ? says("renameDone") : says("renameOverwriteDenied", { path: "old" }));
    expect(content(folder, "old")).toBe(overwrites ? "new" : "old");
  });

  itIf(overwrites)("does not replace a folder that holds something", async () => {
    const { client } = await connectInFolder();
    await client.send("MKD a", "MKD b", "MKD b/full");
    const [, renamed] = await client.send("RNFR a", "RNTO b");
    expect(renamed).toEqual(says("renameFailed", { path: "b", reason: "Directory not empty" }));
  });

  it(`${overwrites ? "replaces" : "does not replace"} a file with STOR`, async () => {
    const { client, folder } = await connectInFolder();
    await client.upload("STOR page", "a long old text");
    const replies = await client.upload("STOR page", "new");
    if (overwrites) expect(replies.map(({ code }) => code)).toEqual([150, 226]);
    else expect(replies).toEqual([says("storeOverwriteDenied", { path: "page" })]);
    expect(content(folder, "page")).toBe(overwrites ? "new" : "a long old text");
  });

  it("stores no file in a folder that is missing", async () => {
    const { client } = await connectInFolder();
    const values = { path: "none/page", reason: "No such file or directory" };
    expect(await client.upload("STOR none/page", "x")).toEqual([says("storeFailed", values)]);
  });

  it("answers commands that came in one write, in their order", async () => {
    const { client, folder } = await connectInFolder();
    await client.upload("STOR file", "12345");
    const missing = { path: "gone", reason: "No such file or directory" };
    expect(
      await client.send(
        ...["MKD a", "MKD a", "RNFR a", "RNTO b", "RNFR gone", "RNTO c"],
        ...["SIZE file", "SIZE gone", "DELE file", "RMD b"],
      ),
    ).toEqual([
      says("folderMade", { path: "a", absolute: `${folder}/a` }),
      says("folderNotMade", { path: "a", reason: "File exists" }),
      says("renameReady"),
      says("renameDone"),
      says("renameMissing", missing),
      says("renameOutOfOrder"),
      { code: 213, text: "5" },
      says("sizeMissing", missing),
      says("fileDeleted", { path: "file" }),
      says("folderRemoved"),
    ]);
  });

  it("answers 32 pairs of renames in one write", async () => {
    const { client } = await connectInFolder();
    await client.upload("STOR n0", "x");
    const pairs = Array.from({ length: 32 }, (_, index) => [`RNFR n${index}`, `RNTO n${index + 1}`]);
    const replies = await client.send(...pairs.flat());
    expect(new Set(replies.map(({ code }) => code))).toEqual(new Set([350, 250]));
    expect(await client.command("SIZE n32")).toEqual({ code: 213, text: "1" });
  });

  it("lists names with a dot in front on request only", async () => {
    const { client, folder } = await connectInFolder();
    await client.upload("STOR .htaccess", "deny");
    await client.upload("STOR page.html", "page");
    await client.command("MKD sub");
    const names = ({ content }: { content: string }) =>
      content.split("\r\n").flatMap((line) => line.split(" ").at(-1) || []);
    const plain = await client.download("LIST");
    expect(names(plain)).toEqual(["page.html", "sub"]);
    expect(plain.content).toMatch(/^-rw-r--r-- .* 4 \w{3} [ \d]\d \d\d:\d\d page\.html\r\n/);
    expect(plain.replies.map(({ code }) => code)).toEqual([150, 226]);
    expect(names(await client.download("LIST -a"))).toEqual([".", "..", ".htaccess", "page.html", "sub"]);
    expect(names(await client.download(`LIST -a ${folder}`))).toContain(".htaccess");
    const bare = names(await client.download("NLST")).sort();
    if (flavour === "pureftpd") expect(bare).toEqual([".", "..", ".htaccess", "page.html", "sub"]);
    else expect(bare.filter((name) => name !== "sub")).toEqual(["page.html"]);
  });

  it(flavour === "vsftpd" ? "does not know MLSD" : "lists facts with MLSD", async () => {
    const { client } = await connectInFolder();
    await client.upload("STOR .htaccess", "deny");
    const { replies, content } = await client.download("MLSD");
    if (flavour === "vsftpd") {
      expect(replies).toEqual([says("unknownCommand")]);
    } else {
      expect(replies.map(({ code }) => code)).toEqual([150, 226]);
      const line = content.split("\r\n").find((candidate) => candidate.endsWith("; .htaccess"));
      expect(line?.split(";")).toEqual(expect.arrayContaining(["type=file", "size=4"]));
    }
  });

  it("lists nothing for a folder that is missing", async () => {
    const { client } = await connectInFolder();
    const { replies, content } = await client.download("LIST gone");
    expect(content).toBe("");
    const values = { path: "gone", reason: "No such file or directory", options: "-l " };
    expect(replies.at(-1)).toEqual(says("listMissing", values));
  });

  it("takes an upload that ends early for a whole one", async () => {
    const { client, folder } = await connectInFolder();
    const data = await client.openData();
    expect((await client.command("STOR half")).code).toBe(150);
    data.write("half of i");
    data.end();
    expect(sameTimes(await client.reply())).toEqual(says("storeDone"));
    expect(content(folder, "half")).toBe("half of i");
  });

  it("says that an upload broke when its connection was reset", async () => {
    const { client } = await connectInFolder();
    const data = await client.openData();
    expect((await client.command("STOR broken")).code).toBe(150);
    data.resetAndDestroy();
    expect((await client.reply()).code).toBe(says("storeBroken").code);
  });

  it("appends with APPE", async () => {
    const { client, folder } = await connectInFolder();
    await client.upload("STOR log", "one");
    expect((await client.upload("APPE log", "two")).map(({ code }) => code)).toEqual([150, 226]);
    expect(content(folder, "log")).toBe("onetwo");
  });

  itIf(overwrites)("continues an upload and a download where REST says", async () => {
    const { client, folder } = await connectInFolder();
    await client.upload("STOR part", "12345");
    const data = await client.openData();
    expect(await client.command("REST 5")).toEqual(says("restart", { position: 5 }));
    expect((await client.command("STOR part")).code).toBe(150);
    data.end("6789");
    expect((await client.reply()).code).toBe(226);
    expect(content(folder, "part")).toBe("123456789");
    await client.command("REST 3");
    expect((await client.download("RETR part")).content).toBe("456789");
  });

  it("changes the rights of a file", async () => {
    const { client } = await connectInFolder();
    await client.upload("STOR script", "x");
    expect(await client.command("SITE CHMOD 600 script")).toEqual(says("modeChanged", { path: "script" }));
    expect((await client.download("LIST script")).content).toMatch(/^-rw------- /);
    const missing = { path: "gone", reason: "No such file or directory" };
    expect(await client.command("SITE CHMOD 600 gone")).toEqual(says("modeNotChanged", missing));
  });

  it("closes the connection after QUIT", async () => {
    const { client } = await connectInFolder();
    expect((await client.command("QUIT")).code).toBe(221);
    await client.ended();
  });
}

function parse(reply: string): RawReply {
  const lines = reply.trimEnd().split("\r\n");
  const texts = lines.map((line, index) => (index === 0 || index === lines.length - 1 ? line.slice(4) : line));
  return { code: Number(reply.slice(0, 3)), text: texts.join("\r\n") };
}

/** Pure-FTPd tells how long a transfer took. */
function sameTimes({ code, text }: RawReply): RawReply {
  return { code, text: text.replace(/\r\n[\d.]+ seconds \(measured here\).*/, "") };
}
