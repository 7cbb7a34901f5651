import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkInstallerInput } from '../../src/render/index.ts';
import { CERTIFICATE } from '../support/certificate.ts';
import { SAMPLE } from '../support/sample-input.ts';

const [server] = SAMPLE.servers;

/** A change of the sample, and the field that the refusal must name. */
const FAULTS: [object, string][] = [
  [{ public_url: 'https://culvert.example/' }, 'public_url'],
  [{ ca_certificates: '' }, 'ca_certificates'],
  [{ ca_certificates: CERTIFICATE.replace('MI', 'MA') }, 'ca_certificates'],
  [{ ca_certificates: `# ours\n${CERTIFICATE}` }, 'ca_certificates'],
  [{ ca_certificates: CERTIFICATE.trimEnd() }, 'ca_certificates'],
  [{ vendor: { slug: 'Acme', name: 'Acme' } }, 'vendor.slug'],
  [{ vendor: { slug: 'acme' } }, 'vendor.name'],
  [{ vendor: { slug: 'acme', name: 'Acme', website: 'x' } }, 'vendor.website'],
  [{ service: 'h autossh' }, 'service'],
  [{ service: '_h' }, 'service'],
  [{ account: { slug: 'globex', name: 'a\u202eb' } }, 'account.name'],
  [{ tunnel: { ...SAMPLE.tunnel, id: 'tun_1' } }, 'tunnel.id'],
  [{ tunnel: { ...SAMPLE.tunnel, slug: '../x' } }, 'tunnel.slug'],
  [{ slot: 0 }, 'slot'],
  [{ slot: 1.5 }, 'slot'],
  [{ slot: '1' }, 'slot'],
  [{ tunnel_port: 0 }, 'tunnel_port'],
  [{ region: { ...SAMPLE.region, port: 65536 } }, 'region.port'],
  [{ region: { ...SAMPLE.region, alternate_ports: [443, 0] } }, 'region.alternate_ports.1'],
  [{ region: { ...SAMPLE.region, bind_address: '0.0.0.0' } }, 'region.bind_address'],
  [{ region: { ...SAMPLE.region, egress_addresses: ['x y'] } }, 'region.egress_addresses.0'],
  [{ servers: [] }, 'servers'],
  [{ servers: [server, { ...server, host: 'a\nb' }] }, 'servers.1.host'],
  [{ servers: [{ ...server, aliases: ['a', '-b'] }] }, 'servers.0.aliases.1'],
  [
    { servers: [{ ...server, host_keys: { ...server?.host_keys, spare: 'ssh-ed25519 AAAA' } }] },
    'servers.0.host_keys.spare',
  ],
  [{ servers: [{ ...server, host_keys: null }] }, 'servers.0.host_keys'],
  [{ database: { type: 'cobol', host: 'db', port: 1 } }, 'database.type'],
  [{ database: { type: 'tcp', host: '169.254.169.254', port: 80 } }, 'database.host'],
  [{ database: { type: 'tcp', host: 'db', port: 0 } }, 'database.port'],
  [{ database: { type: 'tcp' } }, 'database.host'],
  [{ extra: 1 }, 'extra'],
  [JSON.parse('{"__proto__":{"slot":1}}'), '__proto__'],
];

test('certificates in PEM are taken as they are', () => {
  const given = { ...SAMPLE, ca_certificates: CERTIFICATE.repeat(2) };
  assert.deepEqual(checkInstallerInput(given), given);
});

test('the sample is fine', () => assert.deepEqual(checkInstallerInput(SAMPLE), SAMPLE));

for (const [change, field] of FAULTS) {
  test(`${field} is named: ${JSON.stringify(change).slice(0, 60)}`, () => {
    const given = Object.assign(Object.create(null), SAMPLE);
    for (const [name, value] of Object.entries(change))
      Object.defineProperty(given, name, { value, enumerable: true });
    assert.throws(() => checkInstallerInput(given), { name: 'Problem', field });
  });
}

test('each part that is left out is named', () => {
  for (const name of Object.keys(SAMPLE)) {
    const { [name as 'slot']: _, ...rest } = SAMPLE;
    assert.throws(() => checkInstallerInput(rest), {
      name: 'Problem',
      code: 'value-invalid',
      field: name,
    });
  }
});

test('what is no object at all is refused as input', () => {
  for (const input of [undefined, null, 7, 'x', [], () => SAMPLE]) {
    assert.throws(() => checkInstallerInput(input), { name: 'Problem', code: 'value-invalid' });
  }
});

test('a refusal is one plain sentence', () => {
  assert.throws(() => checkInstallerInput({ ...SAMPLE, extra: 1 }), {
    message: 'extra: is not known',
  });
  assert.throws(() => checkInstallerInput({ ...SAMPLE, slot: 'x' }), {
    message: 'slot: must be integer',
  });
});
