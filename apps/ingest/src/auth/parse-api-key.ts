import { type ApiKeyParts, readApiKey } from "@postback/domain";

const bearer = /^Bearer +(\S+)$/i;

/** The key in an Authorization header (RFC 6750), undefined when there is none of our shape. */
export function parseApiKey(authorization: string | undefined): ApiKeyParts | undefined {
  const token = authorization === undefined ? undefined : bearer.exec(authorization)?.[1];
  return token === undefined ? undefined : readApiKey(token);
}
