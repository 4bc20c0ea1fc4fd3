// npm oidc-provider as the vendor's authorization server: node provider.mjs ISSUER PORT FRONT OPERATOR CODE_SECONDS.
// And the one thing that a vendor with an authorization server of its own must build: an EST door that takes that
// server's access token, once, and lets the box in. Here it trades the token for one of refcloud's.
import http from 'node:http';
import Provider from 'oidc-provider';

const [issuer, port, front, operator, seconds] = process.argv.slice(2);
const provider = new Provider(issuer, {
  clients: [{
    client_id: 'qcloud-nas', token_endpoint_auth_method: 'none', application_type: 'native', response_types: [],
    redirect_uris: [], grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
  }],
  scopes: ['nas'],
  extraParams: ['device_model', 'device_name', 'device_serial_tail'],
  features: {
    deviceFlow: { enabled: true, mask: '****-****', charset: 'base-20' }, devInteractions: { enabled: true },
  },
  ttl: { DeviceCode: Number(seconds) },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
});
provider.proxy = true;

function send(options, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(options, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const atFront = (path, type, body, more) =>
  send({ port: front, path, method: 'POST', headers: { 'Content-Type': type, ...more } }, body);
const form = async (path, fields) =>
  JSON.parse((await atFront(path, 'application/x-www-form-urlencoded', new URLSearchParams(fields).toString())).body);

async function refcloudToken(account) {
  const client_id = 'qcloud-nas';
  const codes = await form('/device/auth', { client_id, scope: 'nas', device_model: 'bridged' });
  await send({ socketPath: operator, path: '/approve', method: 'POST', headers: { 'Content-Type': 'application/json' } },
    JSON.stringify({ user_code: codes.user_code, account }));
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
  return (await form('/token', { client_id, grant_type, device_code: codes.device_code })).access_token;
}

async function enroll(request, response) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const pair = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString();
  const token = await provider.AccessToken.find(pair.slice(pair.indexOf(':') + 1));
  let password = 'none';
  if (token) {
    password = await refcloudToken(token.accountId);
    await token.destroy();
  }
  const answer = await atFront('/.well-known/est/simpleenroll', request.headers['content-type'], Buffer.concat(parts),
    { Authorization: 'Basic ' + Buffer.from('device:' + password).toString('base64') });
  console.log(JSON.stringify({ event: 'enroll', known: Boolean(token), status: answer.status }));
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}

const standard = provider.callback();
http.createServer((request, response) => {
  if (request.url === '/.well-known/est/simpleenroll') enroll(request, response).catch((error) => response.destroy(error));
  else standard(request, response);
}).listen(Number(port), '127.0.0.1', () => console.log(JSON.stringify({ event: 'listening' })));
