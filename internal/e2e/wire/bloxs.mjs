// A Bloxs in Node, for TestWire: it takes what bloxdrop sends, gives each body
// to two parsers that share nothing with ours, and tells at GET /received what
// they made of it. It prints its port.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { PassThrough, Writable } from 'node:stream';
import busboy from 'busboy';
import formidable from 'formidable';

const received = [];

// parts gathers what a parser finds, whatever it is, hashed.
function parts() {
  const found = [];
  return {
    found,
    add(field, name) {
      const part = { field, name, size: 0, sha256: createHash('sha256') };
      found.push(part);
      return (chunk) => {
        part.size += chunk.length;
        part.sha256.update(chunk);
      };
    },
    done: () => found.map((p) => ({ ...p, sha256: p.sha256.digest('hex') })),
  };
}

// Names are UTF-8 and kept whole; without these two settings busboy reads
// Latin-1 where a parser of today doesn't, and cuts at the last backslash.
function byBusboy(headers, body) {
  return new Promise((resolve, reject) => {
    const all = parts();
    const parser = busboy({ headers, defParamCharset: 'utf8', preservePath: true });
    parser.on('file', (field, stream, info) => stream.on('data', all.add(field, info.filename)));
    parser.on('field', (field, value) => all.add(field, null)(Buffer.from(value)));
    parser.on('error', reject);
    parser.on('close', () => resolve(all.done()));
    body.pipe(parser);
  });
}

async function byFormidable(headers, body) {
  const all = parts();
  const form = formidable({
    fileWriteStreamHandler: (file) => {
      const take = all.add('', file.originalFilename);
      const part = all.found.at(-1);
      file.part = part;
      return new Writable({ write(chunk, _, next) { take(chunk); next(); } });
    },
  });
  form.on('file', (field, file) => { file.part.field = field; });
  const [fields] = await form.parse(Object.assign(body, { headers }));
  for (const field of Object.keys(fields)) all.add(field, null);
  return all.done();
}

async function take(request) {
  const one = new PassThrough();
  const other = new PassThrough();
  request.pipe(one);
  request.pipe(other);
  const query = new URL(request.url, 'http://bloxs').searchParams;
  const [b, f] = await Promise.all([byBusboy(request.headers, one), byFormidable(request.headers, other)]);
  received.push({ person: query.get('reference'), busboy: b, formidable: f });
  return received.length;
}

async function answer(request) {
  const path = `${request.method} ${new URL(request.url, 'http://bloxs').pathname}`;
  switch (path) {
    case 'POST /Authorization':
      request.resume();
      return { token: 'a-token-of-node', expiration: new Date(Date.now() + 86400e3).toISOString() };
    case 'GET /api/v1/relations/persons':
      return { name: 'P. Jansen' };
    case 'POST /api/v1/relations/persons/files':
      return take(request);
    case 'GET /received':
      return received;
  }
  throw new Error(`no ${path}`);
}

const server = createServer(async (request, response) => {
  try {
    const body = JSON.stringify(await answer(request));
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
  } catch (error) {
    request.resume();
    response.writeHead(400, { 'Content-Type': 'application/json' }).end(JSON.stringify({ title: String(error), status: 400 }));
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit(0)); // ends with the test, however that ends
