import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatStatement,
  parseStatement,
  type Statement,
  statementDigest,
} from '../../src/domain/statement.ts';

const common = { v: 1, vendor: 'acme', account: 'globex', serial: 1, previous: null } as const;
const DECISION: Statement = {
  ...common,
  decision: 'approve',
  tunnel: `tun_${'0'.repeat(26)}`,
  artifacts: ['a'.repeat(64), 'b'.repeat(64)],
  not_after: 1_798_761_600,
};
const REVIEWERS: Statement = {
  ...common,
  decision: 'reviewers',
  reviewers: 'ada namespaces="culvert-approval-v1" ssh-ed25519 AAAA\n',
  approvals: 1,
  policy: { templates: 'minor', inputs: ['database'] },
};

test('a statement is one line of JSON, its names in order', () => {
  const text = formatStatement(DECISION);
  assert.equal(
    text,
    `{"account":"globex","artifacts":["${'a'.repeat(64)}","${'b'.repeat(64)}"],"decision":"approve","not_after":1798761600,"previous":null,"serial":1,"tunnel":"tun_${'0'.repeat(26)}","v":1,"vendor":"acme"}\n`,
  );
  assert.match(statementDigest(text), /^[0-9a-f]{64}$/);
  for (const statement of [DECISION, REVIEWERS]) {
    assert.deepEqual(parseStatement(formatStatement(statement)), statement);
  }
});

test('one statement has one text', () => {
  const text = formatStatement(DECISION);
  const spellings = [
    text.trimEnd(),
    `${text}\n`,
    text.replace('\n', '\r\n'),
    `\ufeff${text}`,
    text.replace('{"account"', '{ "account"'),
    text.replace('"serial":1', '"serial":1.0'),
    text.replace('"serial":1', '"serial":2,"serial":1'),
    text.replace('globex', '\\u0067lobex'),
    text.replace(/("account":"globex"),(.*)}/, '{$2,$1}').replace('{{', '{'),
  ];
  for (const spelling of spellings) {
    assert.throws(() => parseStatement(spelling), { code: 'statement-invalid' }, spelling);
  }
});

test('a statement has its fields and no others', () => {
  const faults: object[] = [
    { v: 2 },
    { decision: 'allow' },
    { serial: 0 },
    { serial: 1.5 },
    { not_after: 0 },
    { previous: 'x' },
    { artifacts: [] },
    { artifacts: ['b'.repeat(64), 'a'.repeat(64)] },
    { artifacts: ['a'.repeat(64), 'a'.repeat(64)] },
    { artifacts: ['A'.repeat(64)] },
    { more: 1 },
    { tunnel: undefined },
  ];
  for (const fault of faults) {
    const text = formatStatement({ ...DECISION, ...fault } as Statement);
    assert.throws(() => parseStatement(text), { code: 'statement-invalid' }, text);
  }
});
