// A NAS as openid-client would be one: device authorization (RFC 8628) at the issuer of argument 1. Argument 2 makes
// its clock run fast: seconds between two polls, instead of what the server asked for ('-': as asked). With argument 3,
// a URL, it is a program that may look names up instead, and asks for that. One JSON object a line.
import * as client from 'openid-client';

const [issuer, interval = '-', resource] = process.argv.slice(2);
const [client_id, scope] = resource ? ['qcloud-lookup', 'lookup'] : ['qcloud-nas', 'nas'];
const tell = (event, more) => console.log(JSON.stringify({ event, at: performance.now() / 1000, ...more }));

const config = await client.discovery(new URL(issuer), client_id, undefined, client.None(), { algorithm: 'oauth2' });
config[client.customFetch] = async (url, options) => {
  const answer = await fetch(url, options);
  const body = await answer.clone().json();
  tell('answer', { path: new URL(url).pathname, status: answer.status, error: body.error, body });
  return answer;
};
const codes = await client.initiateDeviceAuthorization(config, {
  scope, ...(resource ? { device_name: 'openid-client' } : { device_model: 'openid-client' }),
});
tell('codes', codes);
if (interval !== '-') codes.interval = Number(interval);
try {
  const token = await client.pollDeviceAuthorizationGrant(config, codes);
  tell('token', token);
  if (resource) await client.fetchProtectedResource(config, token.access_token, new URL(resource), 'GET')
    .catch(() => {}); // it is told as an answer, whatever it is
  await client.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:device_code', { device_code: codes.device_code })
    .then(() => tell('second', {}), (error) => tell('second', { error: error.error }));
} catch (error) {
  tell('failed', { error: error.error ?? error.code, name: error.name, message: error.message });
}
