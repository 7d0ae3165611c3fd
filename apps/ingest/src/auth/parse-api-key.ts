import { apiKeyPattern } from "@postback/contracts";

export interface GivenKey {
  keyId: string;
  secret: string;
}

const bearer = /^Bearer +(\S+)$/i;

/** The key in an Authorization header (RFC 6750), undefined when there is none of our shape. */
export function parseApiKey(authorization: string | undefined): GivenKey | undefined {
  const token = authorization === undefined ? undefined : bearer.exec(authorization)?.[1];
  const match = token === undefined ? null : apiKeyPattern.exec(token);
  const [, , keyId, secret] = match ?? [];
  return keyId === undefined || secret === undefined ? undefined : { keyId, secret };
}
