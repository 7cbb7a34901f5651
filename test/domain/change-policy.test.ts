import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ChangePolicy,
  changedKinds,
  INPUT_KINDS,
  kindOf,
  reasonsToWait,
  TEMPLATE_POLICIES,
} from '../../src/domain/change-policy.ts';
import { InstallerInputSchema } from '../../src/render/index.ts';
import { SAMPLE } from '../support/sample-input.ts';

const OLD = { sha256: 'old', version: '1.4.2', input: SAMPLE };

function reasons(policy: Partial<ChangePolicy>, candidate: Partial<typeof OLD>): string[] {
  const whole = { templates: 'none', inputs: [], ...policy } as ChangePolicy;
  return reasonsToWait(whole, OLD, { ...OLD, sha256: 'new', ...candidate });
}

test('each policy lets less pass than the one before it', () => {
  const waits = (version: string) =>
    TEMPLATE_POLICIES.filter((templates) => reasons({ templates }, { version }).length > 0);
  assert.deepEqual(waits('2.0.0'), ['major', 'minor', 'patch', 'any-byte']);
  assert.deepEqual(waits('1.5.0'), ['minor', 'patch', 'any-byte']);
  assert.deepEqual(waits('1.4.3'), ['patch', 'any-byte']);
});

test('a version that goes back waits like a major one', () => {
  assert.deepEqual(reasons({ templates: 'major' }, { version: '1.4.1' }), [
    'template 1.4.2 became 1.4.1: major',
  ]);
});

test('bytes that neither version nor value explain wait like a patch', () => {
  assert.deepEqual(reasons({ templates: 'minor' }, {}), []);
  assert.deepEqual(reasons({ templates: 'patch' }, {}), ['its bytes changed']);
});

test('the same bytes never wait', () => {
  assert.deepEqual(reasons({ templates: 'any-byte' }, { sha256: 'old' }), []);
});

test('a value waits where the policy names its kind, and under any-byte whatever it is', () => {
  const input = { ...SAMPLE, database: { type: 'postgresql', host: 'other', port: 5432 } } as const;
  assert.deepEqual(reasons({ inputs: ['database'] }, { input }), ['values changed: database']);
  assert.deepEqual(reasons({ inputs: ['port', 'host-key'] }, { input }), []);
  assert.deepEqual(reasons({ templates: 'patch' }, { input }), []);
  assert.deepEqual(reasons({ templates: 'any-byte' }, { input }), ['its bytes changed']);
});

test('a tunnel server that is added brings an address and host keys', () => {
  const servers = [...SAMPLE.servers, { ...SAMPLE.servers[0], host: 't3.example' }];
  assert.deepEqual(changedKinds(SAMPLE, { ...SAMPLE, servers }), ['host-key', 'address']);
});

test('every value that an installer is made from is of some kind', () => {
  const paths = pathsOf(InstallerInputSchema, '');
  assert.ok(paths.length > 25, String(paths.length));
  const kinds = new Set(paths.map(kindOf));
  assert.deepEqual([...kinds].sort(), [...INPUT_KINDS].sort());
  assert.throws(() => kindOf('databases'), TypeError);
});

/** The dotted path of every value of a schema; items of lists have a number. */
function pathsOf(schema: object, path: string): string[] {
  const { properties, items, anyOf } = schema as {
    properties?: Record<string, object>;
    items?: object;
    anyOf?: object[];
  };
  const below = (name: string) => (path === '' ? name : `${path}.${name}`);
  if (properties) {
    return Object.entries(properties).flatMap(([name, part]) => pathsOf(part, below(name)));
  }
  if (items) return pathsOf(items, below('0'));
  return anyOf ? anyOf.flatMap((part) => pathsOf(part, path)) : [path];
}
