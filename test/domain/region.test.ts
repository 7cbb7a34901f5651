import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRegion, checkTunnelServer, type RegionInput } from '../../src/domain/region.ts';

const region: RegionInput = {
  slug: 'eu',
  name: 'Europe',
  login: 'tunnel',
  port: 50022,
  alternate_ports: [443],
  first_tunnel_port: 20000,
  last_tunnel_port: 29999,
  bind_address: '127.0.0.1',
  egress_addresses: ['192.0.2.1', '2001:db8::1'],
};

test('a region as it should be is given back', () => assert.deepEqual(checkRegion(region), region));

test('every field of a region is checked, and named', () => {
  const faults: [Partial<RegionInput>, string][] = [
    [{ slug: 'EU' }, 'slug'],
    [{ name: 'a\u202eb' }, 'name'],
    [{ login: 'root;' }, 'login'],
    [{ port: 0 }, 'port'],
    [{ alternate_ports: [443, 0] }, 'alternate_ports.1'],
    [{ first_tunnel_port: 1023 }, 'first_tunnel_port'],
    [{ last_tunnel_port: 32768 }, 'last_tunnel_port'],
    [{ first_tunnel_port: 3000, last_tunnel_port: 2999 }, 'last_tunnel_port'],
    [{ bind_address: '0.0.0.0' }, 'bind_address'],
    [{ egress_addresses: ['192.0.2.1', 'a b'] }, 'egress_addresses.1'],
  ];
  for (const [change, field] of faults) {
    const refusal = { name: 'Problem', code: 'value-invalid', field };
    assert.throws(() => checkRegion({ ...region, ...change }), refusal, field);
  }
});

test('the names of a tunnel server are checked', () => {
  const server = { host: 't1.example', aliases: ['192.0.2.7'] };
  assert.deepEqual(checkTunnelServer(server), server);
  assert.throws(() => checkTunnelServer({ ...server, host: '-x' }), { field: 'host' });
  assert.throws(() => checkTunnelServer({ ...server, aliases: ['a', 'b\n'] }, 'servers.0.'), {
    field: 'servers.0.aliases.1',
  });
});
