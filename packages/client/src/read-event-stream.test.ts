import fc from "fast-check";
import { expect, test } from "vitest";
import { readEventStream, type StreamBlock } from "./read-event-stream.ts";

async function read(chunks: readonly Uint8Array[]): Promise<StreamBlock[]> {
  async function* body() {
    yield* chunks;
  }
  const blocks: StreamBlock[] = [];
  for await (const block of readEventStream(body())) blocks.push(block);
  return blocks;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = 'id: a\ndata: {"n":1}\n\n: heartbeat\nid: b\n\nevent: end\ndata\n\n';

test("a block has its data, its name, and the id that stands until another comes", async () => {
  expect(await read([bytes(text)])).toEqual([
    { id: "a", event: "message", data: '{"n":1}' },
    { id: "b", event: "message", data: undefined },
    { id: "b", event: "end", data: "" },
  ]);
});

test("however the bytes are cut, and whatever ends a line, the blocks are the same", async () => {
  const expected = await read([bytes("id: ä\ndata: x\ndata: y\n\ndata: z\n\n")]);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom("\n", "\r\n", "\r"), fc.integer({ min: 1, max: 9 }), async (end, size) => {
      const all = bytes(["id: ä", "data: x", "data: y", "", "data: z", "", "", ""].join(end));
      const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
        all.subarray(at * size, at * size + size),
      );
      expect((await read(chunks)).filter(({ data }) => data !== undefined)).toEqual(expected);
    }),
  );
});

test("a block that has not ended is none", async () => {
  expect(await read([bytes("data: 1\n\ndata: 2\n")])).toEqual([{ id: "", event: "message", data: "1" }]);
});
