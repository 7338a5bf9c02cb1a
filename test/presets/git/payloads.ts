/** Payloads as the hosts document them, shortened by what nobody reads; the pages stand above each. */

/** https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events */
export const GITLAB_PUSH = {
  object_kind: "push",
  event_name: "push",
  before: "95790bf891e76fee5e1747ab589903a6a1f80f22",
  after: "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
  ref: "refs/heads/master",
  ref_protected: true,
  checkout_sha: "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
  user_id: 4,
  user_name: "John Smith",
  user_username: "jsmith",
  project_id: 15,
  project: {
    id: 15,
    name: "Diaspora",
    description: "",
    web_url: "http://example.com/mike/diaspora",
    avatar_url: null,
    git_ssh_url: "git@example.com:mike/diaspora.git",
    git_http_url: "http://example.com/mike/diaspora.git",
    namespace: "Mike",
    visibility_level: 0,
    path_with_namespace: "mike/diaspora",
    default_branch: "master",
  },
  commits: [
    {
      id: "b6568db1bc1dcd7f8b4d5a946b0b91f9dacd7327",
      message:
        "Update Catalan translation to e38cb41.\n\nSee https://gitlab.com/gitlab-org/gitlab for more information",
      title: "Update Catalan translation to e38cb41.",
      timestamp: "2011-12-12T14:27:31+02:00",
      author: { name: "Jordi Mallach", email: "jordi@softcatala.org" },
      added: ["CHANGELOG"],
    },
    {
      id: "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
      message: "fixed readme",
      title: "fixed readme",
      timestamp: "2012-01-03T23:36:29+02:00",
      author: { name: "GitLab dev user", email: "gitlabdev@dv6700.(none)" },
      added: ["CHANGELOG"],
    },
  ],
  total_commits_count: 4,
};

/** https://docs.gitlab.com/user/project/integrations/webhook_events/#tag-events */
export const GITLAB_TAG = {
  ...GITLAB_PUSH,
  object_kind: "tag_push",
  event_name: "tag_push",
  before: "0000000000000000000000000000000000000000",
  after: "82b3d5ae55f7080f1e6022629cdb57bfae7cccc7",
  ref: "refs/tags/v1.0.0",
  checkout_sha: "82b3d5ae55f7080f1e6022629cdb57bfae7cccc7",
  commits: [],
  total_commits_count: 0,
};

/** https://docs.gitea.com/usage/webhooks */
export const GITEA_PUSH = {
  ref: "refs/heads/develop",
  before: "28e1879d029cb852e4844d9c718537df08844e03",
  after: "bffeb74224043ba2feb48d137756c8a9331c449a",
  compare_url:
    "http://localhost:3000/gitea/webhooks/compare/28e1879d029cb852e4844d9c718537df08844e03...bffeb74224043ba2feb48d137756c8a9331c449a",
  commits: [
    {
      id: "bffeb74224043ba2feb48d137756c8a9331c449a",
      message: "Webhooks Yay!",
      url: "http://localhost:3000/gitea/webhooks/commit/bffeb74224043ba2feb48d137756c8a9331c449a",
      author: { name: "Gitea", email: "someone@gitea.io", username: "gitea" },
      committer: { name: "Gitea", email: "someone@gitea.io", username: "gitea" },
      timestamp: "2017-03-13T13:52:11-04:00",
    },
  ],
  repository: {
    id: 140,
    owner: { id: 1, login: "gitea", full_name: "Gitea", email: "someone@gitea.io", username: "gitea" },
    name: "webhooks",
    full_name: "gitea/webhooks",
    private: false,
    html_url: "http://localhost:3000/gitea/webhooks",
    ssh_url: "ssh://gitea@localhost:2222/gitea/webhooks.git",
    clone_url: "http://localhost:3000/gitea/webhooks.git",
    default_branch: "master",
  },
  pusher: { id: 1, login: "gitea", full_name: "Gitea", email: "someone@gitea.io", username: "gitea" },
  sender: { id: 1, login: "gitea", full_name: "Gitea", email: "someone@gitea.io", username: "gitea" },
};

/** https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/#Push */
export const BITBUCKET_PUSH = {
  actor: { type: "user", username: "emmap1", display_name: "Emma" },
  repository: {
    type: "repository",
    links: { html: { href: "https://api.bitbucket.org/bitbucket/bitbucket" } },
    uuid: "{673a6070-3421-46c9-9d48-90745f7bfe8e}",
    full_name: "team_name/repo_name",
    name: "repo_name",
    scm: "git",
    is_private: true,
  },
  push: {
    changes: [
      {
        new: {
          type: "branch",
          name: "name-of-branch",
          target: {
            type: "commit",
            hash: "709d658dc5b6d6afcd46049c2f332ee3f515a67d",
            author: {},
            message: "new commit message\n",
            date: "2015-06-09T03:34:49+00:00",
            parents: [{ type: "commit", hash: "1e65c05c1d5171631d92438a13901ca7dae9618c" }],
          },
        },
        old: {
          type: "branch",
          name: "name-of-branch",
          target: {
            type: "commit",
            hash: "1e65c05c1d5171631d92438a13901ca7dae9618c",
            author: {},
            message: "old commit message\n",
            date: "2015-06-08T21:34:56+00:00",
          },
        },
        created: false,
        forced: false,
        closed: false,
        truncated: false,
      },
    ],
  },
};

/** https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html, "Push", with the links of newer versions. */
export const BITBUCKET_SERVER_PUSH = {
  eventKey: "repo:refs_changed",
  date: "2017-09-19T09:58:11+1000",
  actor: { name: "admin", emailAddress: "admin@example.com", id: 1, displayName: "Administrator", type: "NORMAL" },
  repository: {
    slug: "repository",
    id: 84,
    name: "repository",
    scmId: "git",
    state: "AVAILABLE",
    project: { key: "PROJ", id: 84, name: "project", public: false, type: "NORMAL" },
    public: false,
    links: {
      clone: [
        { href: "ssh://git@bitbucket.example.com:7999/proj/repository.git", name: "ssh" },
        { href: "https://bitbucket.example.com/scm/proj/repository.git", name: "http" },
      ],
    },
  },
  changes: [
    {
      ref: { id: "refs/heads/master", displayId: "master", type: "BRANCH" },
      refId: "refs/heads/master",
      fromHash: "ecddabb624f6f5ba43816f5926e580a5f680a932",
      toHash: "178864a7d521b6f5e720b386b2c2b0ef8563e0dc",
      type: "UPDATE",
    },
  ],
};
