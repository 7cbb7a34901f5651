import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import {
  checkLogin,
  checkPublicUrl,
  checkServiceName,
  checkSlug,
  checkText,
} from './domain/grammar.ts';
import { Problem } from './domain/problem.ts';
import {
  LOG_LEVELS,
  readAddressBlocks,
  readCertificates,
  readGrace,
  readIpv4Address,
  readListenAddress,
  readLogLevel,
  readPrivateFile,
  readStoreAddress,
  readTextFile,
  readWebhookSecret,
  readWebhookUrl,
} from './setting-grammar.ts';

/** One thing that an operator can set: by its flag, else by its variable, else as `fallback` says. */
export interface Setting<Value> {
  variable: string;
  /** As commander takes it; settings that may hold a secret have none, for argv can be read by all. */
  flag?: string;
  description: string;
  /** The text that stands in when nothing was given; a setting without one must be given. */
  fallback?: string;
  /** Turns the text into the value. Throws a `value-invalid` problem that starts with `name`. */
  read(text: string, name: string): Value;
}

/** Every setting. A flag is its setting's name with hyphens, so that commander gives it back under that name. */
export const SETTINGS = {
  publicUrl: setting({
    variable: 'CULVERT_PUBLIC_URL',
    flag: '--public-url <url>',
    description: 'base of every printed URL; installed tools call it for years',
    fallback: 'http://127.0.0.1:8080',
    read: (text, name) => checkPublicUrl(name, text),
  }),
  listen: setting({
    variable: 'CULVERT_LISTEN',
    flag: '--listen <host:port>',
    description: 'where the control plane listens',
    fallback: '127.0.0.1:8080',
    read: readListenAddress,
  }),
  store: setting({
    variable: 'CULVERT_STORE',
    description: 'sqlite:<path> or postgres://…',
    fallback: 'sqlite:./data/culvert.db',
    read: readStoreAddress,
  }),
  vendor: setting({
    variable: 'CULVERT_VENDOR',
    flag: '--vendor <slug>',
    description: "the vendor's short name; it is part of file names on proxies and never changes",
    read: (text, name) => checkSlug(name, text),
  }),
  vendorName: setting({
    variable: 'CULVERT_VENDOR_NAME',
    flag: '--vendor-name <name>',
    description: "the vendor's name as customers read it; its short name when left out",
    fallback: '',
    read: (text, name) => (text === '' ? undefined : checkText(name, text)),
  }),
  service: setting({
    variable: 'CULVERT_SERVICE',
    flag: '--service <name>',
    description: 'name of the service, user and folders on proxies; it never changes',
    fallback: 'h_autossh',
    read: (text, name) => checkServiceName(name, text),
  }),
  trustProxy: setting({
    variable: 'CULVERT_TRUST_PROXY',
    flag: '--trust-proxy <addresses>',
    description: 'addresses or CIDR blocks of reverse proxies, with commas between',
    fallback: '',
    read: readAddressBlocks,
  }),
  caFile: setting({
    variable: 'CULVERT_CA_FILE',
    flag: '--ca-file <file>',
    description: 'PEM file of the authorities that proxies are to trust for the public URL',
    fallback: '',
    read: (text, name) => (text === '' ? undefined : readCertificates(text, name)),
  }),
  signingKey: setting({
    variable: 'CULVERT_SIGNING_KEY',
    description: 'Ed25519 private key that signs artifacts, in PEM (PKCS#8)',
    fallback: '',
    read: (text) => text || undefined,
  }),
  signingKeyFile: setting({
    variable: 'CULVERT_SIGNING_KEY_FILE',
    flag: '--signing-key-file <file>',
    description: 'file that holds it, for its owner alone (mode 0600)',
    fallback: '',
    read: (text, name) => (text === '' ? undefined : readPrivateFile(text, name)),
  }),
  otherSignersFile: setting({
    variable: 'CULVERT_OTHER_SIGNERS_FILE',
    flag: '--other-signers-file <file>',
    description: "allowed_signers lines of the vendor's earlier and coming keys, to publish them",
    fallback: '',
    read: (text, name) => (text === '' ? '' : readTextFile(text, name)),
  }),
  webhookUrl: setting({
    variable: 'CULVERT_WEBHOOK_URL',
    flag: '--webhook-url <url>',
    description: 'https address that is told of what goes wrong',
    fallback: '',
    read: (text, name) => (text === '' ? undefined : readWebhookUrl(text, name)),
  }),
  webhookSecret: setting({
    variable: 'CULVERT_WEBHOOK_SECRET',
    description: 'what signs it: whsec_ and 24 to 64 bytes in base64',
    fallback: '',
    read: (text, name) => (text === '' ? undefined : readWebhookSecret(text, name)),
  }),
  webhookSecretFile: setting({
    variable: 'CULVERT_WEBHOOK_SECRET_FILE',
    flag: '--webhook-secret-file <file>',
    description: 'file that holds it, for its owner alone (mode 0600)',
    fallback: '',
    read: (text, name) =>
      text === '' ? undefined : readWebhookSecret(readPrivateFile(text, name), name),
  }),
  webhookAllow: setting({
    variable: 'CULVERT_WEBHOOK_ALLOW',
    flag: '--webhook-allow <addresses>',
    description: 'private addresses or CIDR blocks that it may be at, with commas between',
    fallback: '',
    read: readAddressBlocks,
  }),
  webhookGrace: setting({
    variable: 'CULVERT_WEBHOOK_GRACE',
    flag: '--webhook-grace <seconds>',
    description: 'seconds for which something must be bad before it is told',
    fallback: '120',
    read: readGrace,
  }),
  webhookCaFile: setting({
    variable: 'CULVERT_WEBHOOK_CA_FILE',
    flag: '--webhook-ca-file <file>',
    description: 'PEM file of the authorities to trust for it, in place of the usual ones',
    fallback: '',
    read: (text, name) => (text === '' ? undefined : readCertificates(text, name)),
  }),
  logLevel: setting({
    variable: 'CULVERT_LOG_LEVEL',
    flag: '--log-level <level>',
    description: LOG_LEVELS.join(', '),
    fallback: 'info',
    read: readLogLevel,
  }),
  controlPlane: setting({
    variable: 'CULVERT_CONTROL_PLANE',
    flag: '--control-plane <url>',
    description: 'address of the control plane',
    read: (text, name) => checkPublicUrl(name, text),
  }),
  state: setting({
    variable: 'CULVERT_STATE',
    flag: '--state <folder>',
    description: "folder of the tunnel server's keys, credential and sshd configuration",
    fallback: '/var/lib/culvert',
    read: (text) => resolve(text),
  }),
  joinToken: setting({
    variable: 'CULVERT_JOIN_TOKEN',
    description: 'join token (cvj_…), needed at the first start only',
    fallback: '',
    read: (text) => text.trim() || undefined,
  }),
  joinTokenFile: setting({
    variable: 'CULVERT_JOIN_TOKEN_FILE',
    flag: '--join-token-file <file>',
    description: 'file that holds the join token',
    fallback: '',
    read: (text) => text || undefined,
  }),
  listenAddress: setting({
    variable: 'CULVERT_LISTEN_ADDRESS',
    flag: '--listen-address <address>',
    description: 'IPv4 address that sshd listens on',
    fallback: '0.0.0.0',
    read: readIpv4Address,
  }),
  login: setting({
    variable: 'CULVERT_LOGIN',
    flag: '--login <user>',
    description: 'account that tunnels log in as, the same as its region names',
    ...defaultLogin(),
    read: (text, name) => checkLogin(name, text),
  }),
  sshd: setting({
    variable: 'CULVERT_SSHD',
    flag: '--sshd <file>',
    description: 'the sshd to run; looked for in the usual places when left out',
    fallback: '',
    read: (text) => (text === '' ? undefined : resolve(text)),
  }),
  sshdFolder: setting({
    variable: 'CULVERT_SSHD_FOLDER',
    flag: '--sshd-folder <folder>',
    description: 'follow the sshd that systemd keeps with the files of this folder; start none',
    fallback: '',
    read: (text) => (text === '' ? undefined : resolve(text)),
  }),
  url: setting({
    variable: 'CULVERT_URL',
    flag: '--url <url>',
    description: 'address of the control plane',
    fallback: 'http://127.0.0.1:8080',
    read: (text, name) => checkPublicUrl(name, text),
  }),
  apiToken: setting({
    variable: 'CULVERT_API_TOKEN',
    description: 'API token (cva_…)',
    fallback: '',
    read: (text) => text.trim() || undefined,
  }),
  apiTokenFile: setting({
    variable: 'CULVERT_API_TOKEN_FILE',
    flag: '--api-token-file <file>',
    description: 'file that holds the API token',
    fallback: './data/admin.token',
    read: (text) => resolve(text),
  }),
} as const;

export type SettingName = keyof typeof SETTINGS;
export type Settings<Name extends SettingName> = {
  [Each in Name]: ReturnType<(typeof SETTINGS)[Each]['read']>;
};

/**
 * Reads the settings asked for. A variable that is set but empty counts as not set.
 * Throws a `value-invalid` problem that names the flag or the variable that the bad text came from.
 */
export function readSettings<Name extends SettingName>(
  names: readonly Name[],
  flags: Partial<Record<string, unknown>> = {},
  environment: NodeJS.ProcessEnv = process.env,
): Settings<Name> {
  const values = names.map((name) => [name, readSetting(name, flags[name], environment)]);
  return Object.fromEntries(values);
}

/** The one line of a file that holds a secret. Throws a `value-invalid` problem when it cannot be read. */
export function readSecretFile(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new Problem(
      'value-invalid',
      `${variable}: cannot read ${file}: ${(error as Error).message}`,
      {
        field: variable,
        next: 'Name a file that this user may read.',
      },
    );
  }
}

function readSetting(name: SettingName, flag: unknown, environment: NodeJS.ProcessEnv): unknown {
  const { variable, flag: form, fallback, read }: Setting<unknown> = SETTINGS[name];
  if (typeof flag === 'string') return readFrom(form?.split(' ')[0] ?? variable, flag, read);
  const text = environment[variable] || fallback;
  if (text !== undefined) return readFrom(variable, text, read);
  throw new Problem('value-invalid', `${variable} is not set`, {
    field: variable,
    next: `Set ${variable}${form === undefined ? '' : ` or give ${form}`}.`,
  });
}

function readFrom(source: string, text: string, read: Setting<unknown>['read']): unknown {
  try {
    return read(text, source);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const next = `Correct ${source} and start again.`;
    throw new Problem(error.code, error.message, { field: source, next });
  }
}

/** sshd never lets in root; an ordinary user's sshd lets in that user alone. */
function defaultLogin(): { fallback?: string } {
  try {
    const { uid, username } = userInfo();
    return { fallback: uid === 0 ? 'tunnel' : username };
  } catch {
    return {}; // A user without an entry in /etc/passwd.
  }
}

/** Gives the definition back; only there so that each setting keeps the type of its value. */
function setting<Value>(definition: Setting<Value>): Setting<Value> {
  return definition;
}
