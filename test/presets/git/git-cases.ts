/** The git hosts as the contract of presets wants them. What they sign is signed by openssl and by the package standardwebhooks. */
import { Webhook } from "standardwebhooks";
import { opensslHmac } from "../openssl.ts";
import type { PresetCase, SentRequest } from "../preset-case.ts";
import { BITBUCKET_PUSH, BITBUCKET_SERVER_PUSH, GITEA_PUSH, GITLAB_PUSH, GITLAB_TAG } from "./payloads.ts";

const SECRET = "3gEsCfjlV2ugRwgpU#w1*WaW*wa4NXgG";
const OTHER = "another-secret-of-32-characters!";
const JSON_TYPE = { "content-type": "application/json" };
const ID = "f6266f16-1bf3-46a5-9ea4-602e06ead473";

const gitlabPush = {
  cloneUrls: ["http://example.com/mike/diaspora.git", "git@example.com:mike/diaspora.git"],
  repoName: "mike/diaspora",
  ref: "refs/heads/master",
  before: GITLAB_PUSH.before,
  after: GITLAB_PUSH.after,
  head: { message: "fixed readme", author: "GitLab dev user" },
};

const token: Pick<PresetCase, "settings" | "secret" | "other" | "signedBy" | "toleranceMs"> = {
  settings: {},
  secret: SECRET,
  other: OTHER,
  signedBy: "none: a token is sent as it is",
  toleranceMs: null,
};

const signed = { ...token, signedBy: "openssl", isBodySigned: true, isDeduped: true } as const;

const gitlabRequest =
  (usual: object, event: string): PresetCase["request"] =>
  (secret, _nowMs, { body = JSON.stringify(usual), attempt = 1 } = {}) => ({
    headers: {
      ...JSON_TYPE,
      "x-gitlab-event": event,
      "x-gitlab-token": secret,
      "x-gitlab-webhook-uuid": `13792a34-cac6-4fda-95a8-c58e00a3954${attempt}`,
      "idempotency-key": ID,
    },
    body,
  });

const giteaHeaders = (prefix: string, signature: string) => ({
  [`${prefix}-delivery`]: ID,
  [`${prefix}-event`]: "push",
  [`${prefix}-event-type`]: "push",
  [`${prefix}-signature`]: signature,
  "x-hub-signature-256": `sha256=${signature}`,
});

const giteaPush = {
  cloneUrls: ["http://localhost:3000/gitea/webhooks.git", "ssh://gitea@localhost:2222/gitea/webhooks.git"],
  repoName: "gitea/webhooks",
  ref: "refs/heads/develop",
  before: GITEA_PUSH.before,
  after: GITEA_PUSH.after,
  head: { message: "Webhooks Yay!", author: "Gitea" },
};

const giteaJson =
  (prefix: string): PresetCase["request"] =>
  (secret, _nowMs, { body = JSON.stringify(GITEA_PUSH) } = {}): SentRequest => ({
    headers: { ...JSON_TYPE, ...giteaHeaders(prefix, opensslHmac(secret, body)) },
    body,
  });

/** The field is signed as it is before it is encoded; `body` is the whole form, and stays unsigned where there is no field. */
const giteaForm =
  (prefix: string): PresetCase["request"] =>
  (secret, _nowMs, { body = new URLSearchParams({ payload: JSON.stringify(GITEA_PUSH) }).toString() } = {}) => ({
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      ...giteaHeaders(prefix, opensslHmac(secret, new URLSearchParams(body).get("payload") ?? "")),
    },
    body,
  });

export const gitCases: readonly PresetCase[] = [
  {
    ...token,
    kind: "gitlab",
    name: "a push",
    request: gitlabRequest(GITLAB_PUSH, "Push Hook"),
    signatureHeader: "x-gitlab-token",
    isBodySigned: false,
    isDeduped: true,
    reading: { push: [gitlabPush] },
  },
  {
    ...token,
    kind: "gitlab",
    name: "a tag",
    request: gitlabRequest(GITLAB_TAG, "Tag Push Hook"),
    signatureHeader: "x-gitlab-token",
    isBodySigned: false,
    isDeduped: true,
    reading: {
      push: [
        { ...gitlabPush, ref: "refs/tags/v1.0.0", before: GITLAB_TAG.before, after: GITLAB_TAG.after, head: null },
      ],
    },
  },
  {
    ...token,
    kind: "gitlab-signed",
    name: "a push",
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    other: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    request: (secret, nowMs, { body = JSON.stringify(GITLAB_PUSH) } = {}) => ({
      headers: {
        ...JSON_TYPE,
        "x-gitlab-event": "Push Hook",
        "idempotency-key": ID,
        "webhook-id": ID,
        "webhook-timestamp": String(Math.floor(nowMs / 1000)),
        "webhook-signature": new Webhook(secret).sign(ID, new Date(nowMs), body),
      },
      body,
    }),
    signedBy: "the package standardwebhooks",
    signatureHeader: "webhook-signature",
    isBodySigned: true,
    toleranceMs: 300_000,
    isDeduped: true,
    reading: { push: [gitlabPush] },
  },
  {
    ...signed,
    kind: "gitea",
    name: "a push as JSON",
    request: giteaJson("x-gitea"),
    signatureHeader: "x-gitea-signature",
    reading: { push: [giteaPush] },
  },
  {
    ...signed,
    kind: "gitea",
    name: "a push as a form",
    request: giteaForm("x-gitea"),
    signatureHeader: "x-gitea-signature",
    reading: { push: [giteaPush] },
  },
  {
    ...signed,
    kind: "forgejo",
    name: "a push as JSON",
    request: giteaJson("x-forgejo"),
    signatureHeader: "x-forgejo-signature",
    reading: { push: [giteaPush] },
  },
  {
    ...signed,
    kind: "forgejo",
    name: "a push as a form",
    request: giteaForm("x-forgejo"),
    signatureHeader: "x-forgejo-signature",
    reading: { push: [giteaPush] },
  },
  {
    ...signed,
    kind: "bitbucket",
    name: "a push",
    request: (secret, _nowMs, { body = JSON.stringify(BITBUCKET_PUSH), attempt = 1 } = {}) => ({
      headers: {
        ...JSON_TYPE,
        "x-event-key": "repo:push",
        "x-hook-uuid": "e26dd9ba-9b48-4b4d-8b9f-0a4d3a7b1b6b",
        "x-request-uuid": ID,
        "x-attempt-number": String(attempt),
        "x-hub-signature": `sha256=${opensslHmac(secret, body)}`,
      },
      body,
    }),
    signatureHeader: "x-hub-signature",
    reading: {
      push: [
        {
          cloneUrls: [
            "https://bitbucket.org/team_name/repo_name.git",
            "ssh://git@altssh.bitbucket.org:443/team_name/repo_name.git",
          ],
          repoName: "team_name/repo_name",
          ref: "refs/heads/name-of-branch",
          before: "1e65c05c1d5171631d92438a13901ca7dae9618c",
          after: "709d658dc5b6d6afcd46049c2f332ee3f515a67d",
          head: { message: "new commit message\n", author: "" },
        },
      ],
    },
  },
  {
    ...signed,
    kind: "bitbucket-server",
    name: "a push",
    request: (secret, _nowMs, { body = JSON.stringify(BITBUCKET_SERVER_PUSH) } = {}) => ({
      headers: {
        "content-type": "application/json; charset=utf-8",
        "x-event-key": "repo:refs_changed",
        "x-request-id": ID,
        "x-hub-signature": `sha256=${opensslHmac(secret, body)}`,
      },
      body,
    }),
    signatureHeader: "x-hub-signature",
    reading: {
      push: [
        {
          cloneUrls: [
            "ssh://git@bitbucket.example.com:7999/proj/repository.git",
            "https://bitbucket.example.com/scm/proj/repository.git",
          ],
          repoName: "PROJ/repository",
          ref: "refs/heads/master",
          before: "ecddabb624f6f5ba43816f5926e580a5f680a932",
          after: "178864a7d521b6f5e720b386b2c2b0ef8563e0dc",
          head: null,
        },
      ],
    },
  },
  {
    ...signed,
    kind: "bitbucket-server",
    name: "a test of the connection",
    request: (secret, _nowMs, { body = '{"test":true}' } = {}) => ({
      headers: {
        ...JSON_TYPE,
        "x-event-key": "diagnostics:ping",
        "x-request-id": ID,
        "x-hub-signature": `sha256=${opensslHmac(secret, body)}`,
      },
      body,
    }),
    signatureHeader: "x-hub-signature",
    reading: { ping: "Bitbucket tried the connection" },
  },
];
