/** How a site's repository is reached where it is on another host than GitHub: keys of a site in slipway.yaml. */
import { z } from "zod";
import { fromScpForm } from "../model/git-push.ts";
import { secretReference } from "./setting-types.ts";

const fingerprint = z
  .string()
  .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, "is no key's fingerprint; write SHA256: and 43 characters, as ssh-keygen -l");

export const gitAccess = {
  git: z
    .string()
    .min(1)
    .transform(fromScpForm)
    .optional()
    .describe("Clone from this URL instead of GitHub: https://…, ssh://… or git@host:group/project.git."),
  gitToken: secretReference
    .optional()
    .describe(
      "git over https: a token that reads the repository. The user name in `git` goes with it; default x-token-auth, which is good for tokens of GitLab, Gitea, Forgejo and Bitbucket.",
    ),
  deployKey: secretReference
    .optional()
    .describe(
      "git over ssh: the private key, without a passphrase. It alone is used then, and `gitHostKey` is needed.",
    ),
  gitHostKey: z
    .union([fingerprint.transform((one) => [one]), z.array(fingerprint).min(1)])
    .optional()
    .describe(
      "git over ssh: fingerprint of the host's key, or of several. A host with another is refused, and the transcript names its key.",
    ),
} as const;
