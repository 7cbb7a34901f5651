import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { ProbeConnection } from '../../src/agent/probes/connection.ts';
import { PROBES } from '../../src/agent/probes/probes.ts';
import { DATABASE_TYPES, type DatabaseType } from '../../src/domain/database.ts';
import { DATABASE_STATES } from '../../src/domain/status.ts';
import { startGreeter } from './support/greeter.ts';
import { probe, probeGreeter } from './support/probe.ts';

/*
 * Databases that Debian has no package of. What they say here is what their public documents say
 * that they say; each request is compared with those as well, field by field.
 */

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

const PRELOGIN_RESPONSE = hex(
  '04 01 002b 0000 01 00' + // packet: tabular result, end of message, length
    '00 001a 0006  01 0020 0001  02 0021 0001  03 0022 0000  04 0022 0001  ff' +
    '10 00 04 30 00 00  02  00  00', // version 16.0.1072, encryption not supported
);
const REFUSE = refusal('(DESCRIPTION=(TMP=)(VSNNUM=0)(ERR=0)(ALIAS=LISTENER))');
const HELLO_REPLY = mongoReply();

suite('SQL Server, as [MS-TDS] has it', { concurrency: true }, () => {
  test('it answers a PRELOGIN', async () => {
    const { state, asked } = await play('sqlserver', PRELOGIN_RESPONSE);
    assert.equal(state, 'answers');
    assert.equal(asked.readUInt16BE(0), 0x1201);
    assert.equal(asked.readUInt16BE(2), asked.length);
    // VERSION: six bytes; ENCRYPTION: one; the end of the list, then their data.
    assert.deepEqual(asked.subarray(8, 19), hex('00 000b 0006 01 0011 0001 ff'));
    assert.equal(asked.length, 8 + 11 + 7);
  });

  test('in two pieces as in one', async () => {
    const seen = await probeGreeter('sqlserver', (socket) => {
      socket.write(PRELOGIN_RESPONSE.subarray(0, 5));
      setTimeout(() => socket.write(PRELOGIN_RESPONSE.subarray(5)), 50);
    });
    assert.equal(seen, 'answers');
  });

  test('a result that holds no PRELOGIN is none', async () => {
    const other = hex('04 01 0011 0000 01 00 aa 0000 0000 0000 0000');
    assert.equal((await play('sqlserver', other)).state, 'silent wrong-protocol');
  });
});

suite("Oracle's listener, as its driver and Wireshark have it", { concurrency: true }, () => {
  test('it answers a ping with a REFUSE, and ACCEPT, REDIRECT, RESEND will do', async () => {
    const { state, asked } = await play('oracle', REFUSE);
    assert.equal(state, 'answers');
    const [text, offset] = [asked.readUInt16BE(24), asked.readUInt16BE(26)];
    assert.equal(asked.readUInt16BE(0), asked.length);
    assert.deepEqual([asked[4], offset + text], [1, asked.length]);
    assert.match(asked.toString('latin1', offset), /^\(DESCRIPTION=.*\(COMMAND=ping\)\)\)$/);
    for (const type of ['02', '05', '0b']) {
      const packet = hex(`0008 0000 ${type} 00 0000`);
      assert.equal((await play('oracle', packet)).state, 'answers', type);
    }
  });

  test('any other packet is no answer', async () => {
    for (const packet of [hex('0008 0000 06 00 0000'), hex('0004 0000 04 00 0000')]) {
      assert.equal((await play('oracle', packet)).state, 'silent wrong-protocol');
    }
  });
});

suite("MongoDB, as its manual's wire protocol has it", { concurrency: true }, () => {
  test('it replies to hello', async () => {
    const { state, asked } = await play('mongodb', HELLO_REPLY);
    assert.equal(state, 'answers');
    assert.equal(asked.readInt32LE(0), asked.length);
    assert.equal(asked.readInt32LE(12), 2013);
    // No flags; one section of kind 0; a document that ends with the message.
    assert.deepEqual(asked.subarray(16, 21), hex('00000000 00'));
    assert.equal(asked.readInt32LE(21), asked.length - 21);
    assert.equal(asked.toString('latin1', 25), '\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0');
  });

  test('a reply to another request, or another kind of message, is none', async () => {
    for (const [at, value] of [
      [8, 1],
      [12, 1],
    ] as const) {
      const other = Buffer.from(HELLO_REPLY);
      other.writeInt32LE(value, at);
      assert.equal((await play('mongodb', other)).state, 'silent wrong-protocol');
    }
  });
});

suite('ClickHouse, as its documentation has it', { concurrency: true }, () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\n';

  test('it is well', async () => {
    const bodies = [
      'Content-Length: 4\r\n\r\nOk.\n',
      'Transfer-Encoding: chunked\r\n\r\n4\r\nOk.\n',
    ];
    for (const body of bodies) {
      const { state, asked } = await play('clickhouse', Buffer.from(head + body));
      assert.equal(state, 'answers');
      assert.match(asked.toString('latin1'), /^GET \/ping HTTP\/1\.0\r\n/);
    }
  });

  test('it says so at its other port, too', async () => {
    const said =
      'HTTP/1.0 400 Bad Request\r\n\r\nPort 9000 is for clickhouse-client program\r\n' +
      'You must use port 8123 for HTTP.\r\n';
    assert.equal((await play('clickhouse', Buffer.from(said))).state, 'answers');
  });

  test('another web server is none', async () => {
    const pages = [`${head}\r\n<html>`, 'HTTP/1.1 404 Not Found\r\n\r\n', 'HTTP/1.1 '];
    for (const page of pages) {
      const seen = await probeGreeter('clickhouse', (socket) => socket.end(page));
      assert.equal(seen, 'silent wrong-protocol', page);
    }
  });
});

suite('each type at the wrong place', { concurrency: true }, () => {
  const types = DATABASE_TYPES.filter((type) => type !== 'tcp');
  for (const type of types) {
    test(`${type}: a banner of SSH, an answer of a web server, a door that closes`, async () => {
      const banner = (socket: Socket) => socket.write('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n');
      const page = (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n<html>');
      assert.equal(await probeGreeter(type, banner), 'silent wrong-protocol');
      assert.equal(await probeGreeter(type, page), 'silent wrong-protocol');
      assert.equal(await probeGreeter(type, (socket) => socket.end()), 'closed closed-at-once');
    });

    test(`${type}: no answer at all`, async () => {
      assert.equal(await probeGreeter(type, () => {}), 'silent no-answer');
    });
  }

  test('what another database says is taken for none of the others', async () => {
    const said: [DatabaseType, Buffer][] = [
      ['sqlserver', PRELOGIN_RESPONSE],
      ['oracle', REFUSE],
      ['mongodb', HELLO_REPLY],
      ['redis', Buffer.from('+PONG\r\n')],
      ['postgresql', Buffer.from('N')],
    ];
    for (const [theirs, reply] of said) {
      for (const type of types.filter((type) => type !== theirs && type !== 'mysql')) {
        const seen = await probeGreeter(type, (socket) => socket.end(reply));
        assert.match(seen, /^(silent wrong-protocol|closed closed-at-once)$/, `${type} ${theirs}`);
      }
    }
  });
});

test('no bytes make a probe throw', async () => {
  const begins = [
    PRELOGIN_RESPONSE,
    REFUSE,
    HELLO_REPLY,
    hex('ff1004'),
    hex('0a352e3500'),
    hex(''),
  ];
  const reply = fc
    .tuple(fc.constantFrom(...begins), fc.uint8Array({ maxLength: 80 }), fc.boolean())
    .map(([begin, bytes, asPacket]) => {
      const body = Buffer.concat([begin, bytes]);
      return asPacket ? Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body]) : body;
    });
  const property = fc.asyncProperty(
    fc.constantFrom(...DATABASE_TYPES),
    reply,
    async (type, bytes) => {
      const greeter = await startGreeter((socket) => socket.end(bytes));
      const { database } = await PROBES[type]('127.0.0.1', greeter.port);
      greeter.stop();
      assert.ok(DATABASE_STATES.includes(database));
    },
  );
  await fc.assert(property, { numRuns: 2000 });
});

test('no more than 4 KiB of a reply are kept', async () => {
  const greeter = await startGreeter((socket) => socket.end('x'.repeat(100_000)));
  const connection = new ProbeConnection('127.0.0.1', greeter.port);
  assert.equal(await connection.read(4097), 'too-much');
  assert.equal((await connection.read(4096)).length, 4096);
  connection.close();
  greeter.stop();
});

/** What a probe makes of a server that hears its request and then says that; and the request. */
async function play(type: DatabaseType, reply: Buffer): Promise<{ state: string; asked: Buffer }> {
  let asked: Buffer = Buffer.alloc(0);
  const greeter = await startGreeter((socket) => {
    socket.once('data', (bytes: Buffer) => {
      if (asked.length === 0) asked = bytes;
      socket.write(reply);
    });
  });
  const state = await probe(type, greeter.port);
  greeter.stop();
  return { state, asked };
}

function refusal(text: string): Buffer {
  const header = hex('0000 0000 04 00 0000 22 00 0000');
  header.writeUInt16BE(header.length + text.length, 0);
  header.writeUInt16BE(text.length, 10);
  return Buffer.concat([header, Buffer.from(text)]);
}

function mongoReply(): Buffer {
  // { ok: 1.0 } in reply to the request that the probe makes.
  const document = hex('11000000 01 6f6b00 000000000000f03f 00');
  const message = Buffer.concat([hex('00000000 2a000000 766c7563 dd070000 00000000 00'), document]);
  message.writeInt32LE(message.length, 0);
  return message;
}
