import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  decisionOn,
  nextMoment,
  type ReviewRules,
  type SignedStatement,
} from '../../src/domain/approval.ts';
import { chooseBundle } from '../../src/domain/choose-bundle.ts';
import type { ArtifactStatement, Decision } from '../../src/domain/statement.ts';

const NOW = 1_000_000;
const always = { validAfter: undefined, validBefore: undefined };
const RULES: ReviewRules = {
  keys: [
    { person: 'ada', fingerprint: 'a1', ...always },
    { person: 'ada', fingerprint: 'a2', ...always },
    { person: 'bob', fingerprint: 'b1', ...always, validBefore: NOW + 500 },
    { person: 'cy', fingerprint: 'c1', ...always, validBefore: NOW - 1 },
  ],
  approvals: 2,
  policy: { templates: 'minor', inputs: [] },
};

/** A statement about the artifact x, signed by keys that are written `person:fingerprint`. */
function said(
  decision: Decision,
  serial: number,
  signers: string,
  more: Partial<ArtifactStatement> = {},
): SignedStatement {
  const statement = {
    decision,
    serial,
    artifacts: ['x'],
    not_after: NOW / 1000 + 100,
    ...more,
  } as ArtifactStatement;
  const parted = signers.split(' ').map((signer) => signer.split(':'));
  return {
    statement,
    signers: parted.map(([person = '', fingerprint = '']) => ({ person, fingerprint })),
  };
}

const decide = (...statements: SignedStatement[]) => decisionOn('x', statements, RULES, NOW);

describe('a decision', () => {
  test('needs as many persons as the rules say, whose keys are theirs and valid', () => {
    assert.equal(decide(said('approve', 1, 'ada:a1 bob:b1')), 'approve');
    assert.equal(decide(said('approve', 1, 'ada:a1')), undefined);
    assert.equal(decide(said('approve', 1, 'ada:a1 ada:a2')), undefined);
    assert.equal(decide(said('approve', 1, 'ada:a1 cy:c1')), undefined);
    assert.equal(decide(said('approve', 1, 'ada:a1 bob:a2')), undefined);
    assert.equal(decide(said('approve', 1, 'ada:a1 eve:e1')), undefined);
  });

  test('to stop takes one person', () => {
    assert.equal(decide(said('refuse', 1, 'bob:b1')), 'refuse');
    assert.equal(decide(said('withdraw', 1, 'cy:c1')), undefined);
  });

  test('is the one with the highest serial, in whatever order they come', () => {
    const [first, last] = [said('approve', 1, 'ada:a1 bob:b1'), said('withdraw', 2, 'ada:a1')];
    assert.equal(decide(last, first), 'withdraw');
    assert.equal(decide(last, first, said('approve', 3, 'ada:a1 bob:b1')), 'approve');
    assert.equal(decide(last, first, said('approve', 3, 'ada:a1')), 'withdraw');
  });

  test('is none once an approval is over, also where an earlier one is not', () => {
    const over = said('approve', 2, 'ada:a1 bob:b1', { not_after: NOW / 1000 });
    assert.equal(decide(said('approve', 1, 'ada:a1 bob:b1'), over), undefined);
  });

  test('changes by time alone when a statement or a key ends', () => {
    const statements = [said('approve', 1, 'ada:a1')];
    assert.equal(nextMoment(statements, RULES, NOW), NOW + 500);
    assert.equal(nextMoment(statements, RULES, NOW + 500), NOW + 100_000);
    assert.equal(nextMoment([], { ...RULES, keys: [] }, NOW), undefined);
  });
});

describe('what is served', () => {
  const bundle = (sha256: string, version: string) => {
    const installers = [{ file: 'install.sh', sha256: `${sha256}-sh`, version }];
    return { sha256, installers, input: {} };
  };
  const approved = (serial: number, artifact: string) =>
    said('approve', serial, 'ada:a1 bob:b1', { artifacts: [artifact] });
  const [old, older] = [bundle('old', '1.0.0'), bundle('older', '0.9.0')];
  const choose = (newest: ReturnType<typeof bundle>, ...statements: SignedStatement[]) => {
    const { serve, reasons } = chooseBundle(newest, [old, older], statements, RULES, NOW);
    return [serve?.sha256, ...reasons];
  };

  test('is the newest where it is approved or its policy lets it pass', () => {
    assert.deepEqual(choose(bundle('new', '1.1.0'), approved(1, 'new-sh')), ['new']);
    assert.deepEqual(choose(bundle('new', '1.0.1'), approved(1, 'old-sh')), ['new']);
  });

  test('is the newest that is approved where the newest waits', () => {
    assert.deepEqual(choose(bundle('new', '1.1.0'), approved(1, 'old-sh')), [
      'old',
      'install.sh: template 1.0.0 became 1.1.0: minor',
    ]);
    assert.deepEqual(choose(bundle('new', '1.1.0'), approved(1, 'older-sh'))[0], 'older');
  });

  test('is nothing where nothing is approved', () => {
    assert.deepEqual(choose(bundle('new', '1.0.1')), [undefined, 'nothing is approved']);
  });

  test('is never what was refused or withdrawn, whatever the policy', () => {
    const stop = (decision: Decision) => said(decision, 2, 'ada:a1', { artifacts: ['new-sh'] });
    const newest = bundle('new', '1.0.1');
    const pass = approved(1, 'old-sh');
    assert.deepEqual(choose(newest, pass, stop('refuse')), ['old', 'install.sh was refused']);
    assert.deepEqual(choose(newest, pass, stop('withdraw')), ['old', 'install.sh was withdrawn']);
  });

  test('an installer for a further system waits', () => {
    const newest = bundle('new', '1.0.0');
    newest.installers.push({ file: 'install.ps1', sha256: 'ps1', version: '1.0.0' });
    assert.deepEqual(choose(newest, approved(1, 'old-sh')), ['old', 'install.ps1 is new']);
  });
});
