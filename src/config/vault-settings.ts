/** `vault` in slipway.yaml: where HashiCorp Vault or OpenBao is, and how Slipway logs in to it. */
import { z } from "zod";
import { duration, secretReference, webUrl } from "./setting-types.ts";

/** What one logs in to Vault with cannot lie in Vault. */
const localReference = secretReference.refine(
  ({ kind }) => kind === "env" || kind === "file",
  "is what Slipway logs in to Vault with; write env:NAME or file:/path",
);

/** A mount of an auth method, as in `vault auth list`. */
const mount = z.string().regex(/^[\w-]+(\/[\w-]+)*$/, "is no name of a mount; write it without slashes around it");

/** Names of this machine: what is sent there stays there. */
const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);

export const vaultSettings = z
  .strictObject({
    address: webUrl.describe("Where it is, without /v1: https://vault.example.com:8200."),
    plain: z.boolean().default(false).describe("http: yes, secrets may travel unencrypted. Not needed for localhost."),
    namespace: z
      .string()
      .regex(/^[\w-]+(\/[\w-]+)*\/?$/, "is no namespace; write team or team/web")
      .optional()
      .describe("The namespace that everything is in, sent as X-Vault-Namespace. Default: the root."),
    ca: z.string().min(1).optional().describe("File with PEM certificates to trust, for a private CA."),
    refresh: duration
      .default(5 * 60_000)
      .describe("How often secrets that are kept in memory are read again. Default 5m."),
    token: localReference.optional().describe("Log in with a token. It is renewed, and read anew when it ends."),
    appRole: z
      .strictObject({
        roleId: z.string().min(1).describe("The RoleID, which is no secret."),
        secretId: localReference.describe("The SecretID."),
        mount: mount.default("approle").describe("Default approle."),
      })
      .optional()
      .describe("Log in as an AppRole."),
    kubernetes: z
      .strictObject({
        role: z.string().min(1).describe("The role that the service account is bound to."),
        mount: mount.default("kubernetes").describe("Default kubernetes."),
        jwt: z
          .string()
          .startsWith("/", "is no absolute path")
          .default("/var/run/secrets/kubernetes.io/serviceaccount/token")
          .describe("File with the service account's token. Default: where Kubernetes puts it."),
      })
      .optional()
      .describe("Log in with the service account of the pod."),
  })
  .refine(
    ({ token, appRole, kubernetes }) => [token, appRole, kubernetes].filter((it) => it !== undefined).length === 1,
    "has to name one of token, appRole and kubernetes",
  )
  .refine(
    ({ address, plain }) => plain || address.startsWith("https:") || LOCAL.has(URL.parse(address)?.hostname ?? ""),
    "sends secrets unencrypted; write https://, or plain: true beside the address if you accept that",
  )
  .describe("HashiCorp Vault or OpenBao, for references that begin with vault: (docs/secrets.md).");

export type VaultSettings = z.output<typeof vaultSettings>;
