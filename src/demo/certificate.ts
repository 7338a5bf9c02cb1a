/** Makes a self-signed certificate for localhost, for the demo's and the tests' servers. Needs the program openssl. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { PermanentError } from "../errors.ts";

const run = promisify(execFile);

/** Both in PEM. The certificate is its own authority: give it to clients as `ca`. */
export type Certificate = { readonly key: string; readonly cert: string };

/** Of the kind that browsers and Node accept: name and address as subjectAltName (RFC 6125), valid for 30 days. */
const ARGUMENTS = [
  ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "30"],
  ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
];

/** A new key and certificate, valid for `localhost` and `127.0.0.1`. Throws PermanentError when openssl is missing. */
export async function createCertificate(): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-certificate-"));
  try {
    const key = join(folder, "key.pem");
    const cert = join(folder, "cert.pem");
    await run("openssl", [...ARGUMENTS, "-keyout", key, "-out", cert]).catch(explainMissing);
    return { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function explainMissing(error: NodeJS.ErrnoException): never {
  if (error.code !== "ENOENT") throw error;
  throw new PermanentError("The program openssl is needed to make a certificate for localhost; install it.");
}
