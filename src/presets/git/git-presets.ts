/** The presets of git hosts other than GitHub. */
import type { Preset } from "../preset.ts";
import { bitbucket } from "./bitbucket.ts";
import { bitbucketServer } from "./bitbucket-server.ts";
import { forgejo, gitea } from "./gitea.ts";
import { gitlab, gitlabSigned } from "./gitlab.ts";

export const gitPresets: readonly Preset[] = [gitlab, gitlabSigned, gitea, forgejo, bitbucket, bitbucketServer];
