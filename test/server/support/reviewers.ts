import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LightMyRequestResponse } from 'fastify';
import semver from 'semver';
import { type Catalogue, loadCatalogue } from '../../../src/render/index.ts';
import { signByStock } from '../../support/stock-signatures.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Scene } from './scene.ts';
import { type KeyPair, makeKey } from './ssh-keys.ts';

export const APPROVAL = 'culvert-approval-v1';

/** A person who reviews, with one key. */
export interface Reviewer {
  name: string;
  key: KeyPair;
  /** Of allowed_signers. */
  line: string;
}

export function makeReviewer(name: string, options = ''): Reviewer {
  const key = makeKey();
  return { name, key, line: `${name} namespaces="${APPROVAL}"${options} ${key.publicKey}\n` };
}

/** A statement with a signature under it, as a reviewer's shell puts it together. */
export function signed(text: string, { key }: Reviewer, namespace = APPROVAL): string {
  return text + signByStock(key, namespace, text);
}

export function handIn(
  { app }: ControlPlane,
  tunnel: string,
  body: string,
): Promise<LightMyRequestResponse> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return app.inject({ method: 'POST', url: `/t/${tunnel}/v1/statements`, headers, payload: body });
}

/** Has the vendor propose reviewers, and gives the text to sign. */
export async function propose(
  { api }: ControlPlane,
  account: string,
  reviewers: Reviewer[],
  more: { approvals?: number; policy?: object } = {},
): Promise<string> {
  const { text } = await api<{ text: string }>('POST', `/v1/accounts/${account}/reviewers`, {
    reviewers: reviewers.map(({ line }) => line).join(''),
    approvals: more.approvals ?? 1,
    policy: more.policy ?? { templates: 'minor', inputs: ['database', 'host-key', 'port'] },
  });
  return text;
}

/** Makes reviewers the account's, by signatures of all. */
export async function appoint(
  plane: ControlPlane,
  { account, tunnel }: Scene,
  reviewers: Reviewer[],
  more: Parameters<typeof propose>[3] = {},
): Promise<void> {
  const text = await propose(plane, account, reviewers, more);
  for (const reviewer of reviewers) {
    const answer = await handIn(plane, tunnel, signed(text, reviewer));
    if (answer.statusCode !== 200) throw new Error(answer.body);
  }
}

/** What `/v1/approval` says of a slot. */
export async function approval(
  { app }: ControlPlane,
  tunnel: string,
): Promise<Record<string, string | number>> {
  const url = `/t/${tunnel}/v1/approval`;
  const answer = await app.inject({ url, headers: { accept: 'application/json' } });
  if (answer.statusCode !== 200) throw new Error(answer.body);
  return answer.json();
}

/** The text to sign for a decision on a bundle or an installer. */
export async function decisionText(
  { app }: ControlPlane,
  tunnel: string,
  sha256: string | number | undefined,
  query = '',
): Promise<string> {
  const answer = await app.inject(`/t/${tunnel}/a/${sha256}/statement${query}`);
  if (answer.statusCode !== 200) throw new Error(answer.body);
  return answer.body;
}

/** The templates of this checkout, and the installer for Linux at its next version with one line more. */
export function otherCatalogue(bump: 'major' | 'minor' | 'patch'): Catalogue {
  const folder = mkdtempSync(join(tmpdir(), 'culvert-templates-'));
  try {
    cpSync(join(import.meta.dirname, '../../../templates'), folder, { recursive: true });
    const manifest = join(folder, 'linux/template.json');
    const template = JSON.parse(readFileSync(manifest, 'utf8'));
    writeFileSync(
      manifest,
      JSON.stringify({ ...template, version: semver.inc(template.version, bump) }),
    );
    const part = join(folder, 'linux/words.sh');
    writeFileSync(part, `${readFileSync(part, 'utf8')}\n# another version\n`);
    return loadCatalogue(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
