/** A body in chunks, in whole or not at all: `undefined` where it has more bytes than may be. */
export async function readBytes(chunks: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array | undefined> {
  const read: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    read.push(chunk);
  }
  return Buffer.concat(read);
}

/** The length says that it is too large before anything is read. */
export const tooLarge = (bytesMax: number) => ({ status: 413, body: `more than ${bytesMax} bytes` });
