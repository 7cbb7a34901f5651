import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { buffer } from 'node:stream/consumers';

/**
 * HTTPS in front of a control plane on the same host, for tests: `node faulty-front.ts KEY CERTIFICATE
 * FAULT-FILE`, from port 8443 to 8080. The file names a fault and what it befalls: `500 status` spoils
 * each answer to a request that holds `status` in its line or body.
 */
const [key = '', certificate = '', faultFile = ''] = process.argv.slice(2);

const PORTAL = '<html><title>Sign in to the guest network</title></html>\n';

function currentFault(subject: string): string {
  let line = '';
  try {
    line = readFileSync(faultFile, 'utf8').trim();
  } catch {
    // No file, no fault.
  }
  const [fault = '', ...words] = line.split(' ');
  return fault !== '' && subject.includes(words.join(' ')) ? fault : 'none';
}

const options = { key: readFileSync(key), cert: readFileSync(certificate) };

createServer(options, async (asked, answered) => {
  const { method = 'GET', url = '/', headers } = asked;
  const body = await buffer(asked);
  switch (currentFault(`${method} ${url}\n${body}`)) {
    case '500':
      answered.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Internal error</h1>');
      return;
    case 'html':
      answered.writeHead(200, { 'content-type': 'text/html' }).end(PORTAL);
      return;
    case 'redirect':
      answered.writeHead(302, { location: 'https://elsewhere.invalid/' }).end(PORTAL);
      return;
    case 'slow':
      return; // The client has to give up by itself.
    case 'cut':
      answered.writeHead(200, { 'content-type': 'text/plain', 'content-length': '500' });
      answered.write('now=1\n', () => asked.socket.destroy());
      return;
  }
  const onward = request({ port: 8080, method, path: url, headers }, (answer) => {
    answered.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(answered);
  });
  onward.on('error', () => answered.writeHead(502).end());
  onward.end(body);
}).listen(8443);
