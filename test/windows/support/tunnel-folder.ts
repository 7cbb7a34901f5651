import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CustomerProxy } from '../../agent/support/customer-proxy.ts';

export interface TunnelSettings {
  proxy: CustomerProxy;
  login: string;
  /** Where ssh connects to, unless `endpoints` says more. */
  host?: string;
  port: number;
  /** Public halves of the server's host keys. */
  hostKeys: string[];
  databasePort: number;
  /** Lines `HOST PORT`. */
  endpoints?: string[];
  httpProxy?: string;
}

/** A tunnel's folder as the installer leaves it on Windows. */
export class TunnelFolder {
  readonly path: string;

  constructor(data: string, name: string, settings: TunnelSettings) {
    this.path = join(data, name);
    mkdirSync(this.path, { recursive: true });
    const { proxy, hostKeys, port, host = '127.0.0.1', endpoints, httpProxy } = settings;
    this.write('ssh_config', sshConfig({ host, ...settings }));
    this.write('known_hosts', hostKeys.map((key) => `tunnel ${key}\n`).join(''));
    copyFileSync(proxy.identity, join(this.path, 'key'));
    copyFileSync(`${proxy.identity}.pub`, join(this.path, 'key.pub'));
    this.write('endpoints', (endpoints ?? [`${host} ${port}`]).map((line) => `${line}\n`).join(''));
    if (httpProxy !== undefined) this.write('http-proxy', httpProxy);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  /** Has the host run it: it starts anew whenever another digest is wanted. */
  want(digest: string): void {
    this.write('wanted.new', `${digest}\n`);
    renameSync(join(this.path, 'wanted.new'), join(this.path, 'wanted'));
  }

  unwant(): void {
    rmSync(join(this.path, 'wanted'));
  }
}

function sshConfig({ proxy, login, host, port, databasePort }: TunnelSettings): string {
  return `Host tunnel
  HostName ${host}
  Port ${port}
  User ${login}
  IdentitiesOnly yes
  PreferredAuthentications publickey
  BatchMode yes
  HostKeyAlias tunnel
  StrictHostKeyChecking yes
  RemoteForward 127.0.0.1:${proxy.key.port} 127.0.0.1:${databasePort}
  ExitOnForwardFailure yes
  ServerAliveInterval 15
  ServerAliveCountMax 3
  ConnectTimeout 20
  LogLevel VERBOSE
`;
}
