/** How git runs ssh(1) where a site brings its own key or names the key of its host. */

export type SshAccess = {
  /** In the form of OpenSSH or PEM, without a passphrase; null: what ssh finds by itself, an agent or the user's keys. */
  readonly privateKey: string | null;
  /** Fingerprints of the host's keys, "SHA256:…". No other host is talked to, whatever known_hosts says. */
  readonly hostKeys: readonly string[];
  /** The key of slipway.yaml that names them. */
  readonly setting: string;
};

/** The same for every ssh: nothing is asked, and a connection that hangs ends. */
export const SSH = "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15";

/**
 * Judges the host's key in place of known_hosts, which knows no fingerprints: ssh_config(5), "KnownHostsCommand", since
 * OpenSSH 8.5. %f is the fingerprint, NONE where ssh only asks for the kinds of keys that are known. An older ssh does not
 * know the option and talks to nobody.
 */
const JUDGE =
  'case " $SLIPWAY_HOST_KEYS " in *" $1 "*) echo "$2 $3 $4" ;; *) test "$1" = NONE || echo "$SLIPWAY_HOST_ADVICE $1" >&2 ;; esac';
const KNOWN_HOSTS = `/bin/sh -c '${JUDGE}' sh %f %H %t %K`;

/** Settings that leave the key that was given, and that judge, alone to decide. The shell that git starts fills in the variables. */
const STRICT = [
  '"KnownHostsCommand=$SLIPWAY_KNOWN_HOSTS"',
  "StrictHostKeyChecking=yes",
  "UserKnownHostsFile=/dev/null",
  "GlobalKnownHostsFile=/dev/null",
  "UpdateHostKeys=no",
  "CheckHostIP=no",
];
const OWN_KEY = ["IdentitiesOnly=yes", "IdentityAgent=none"];

/**
 * The variables of git's environment. `keyFile` holds the private key, readable by us alone: the name of a file in the
 * folder that git runs in, since ssh and the shell would read more than a name out of some paths.
 */
export function sshEnvironment(
  { hostKeys, setting }: Pick<SshAccess, "hostKeys" | "setting">,
  keyFile: string | null,
): Record<string, string> {
  const options = [...STRICT, ...(keyFile === null ? [] : OWN_KEY)].map((option) => `-o ${option}`);
  const key = keyFile === null ? [] : [`-i ${keyFile}`];
  return {
    GIT_SSH_COMMAND: [SSH, ...options, ...key].join(" "),
    GIT_SSH_VARIANT: "ssh",
    SLIPWAY_KNOWN_HOSTS: KNOWN_HOSTS,
    SLIPWAY_HOST_KEYS: hostKeys.join(" "),
    SLIPWAY_HOST_ADVICE: `${setting} does not name the key that the host shows. Compare it with what the host publishes, and write it there:`,
  };
}

/** The text of a key as ssh reads it: with the line break at its end that secrets lose on their way. */
export function keyText(privateKey: string): string {
  return `${privateKey.replace(/\r\n?/g, "\n").trim()}\n`;
}
