import { describe, expect, it } from "vitest";
import { type ImageStore, obtainImages } from "./obtain-images.ts";

const images = ["postgres:18", "apache/kafka:4.4.0"];

/** An engine's images, with what `pull` does to them. */
function storeOf(pull: (image: string, there: Set<string>) => Promise<void>): ImageStore {
  const there = new Set<string>();
  return {
    pull: (image) => pull(image, there),
    inspect: async (image) => {
      if (!there.has(image)) throw new Error(`No such image: ${image}`);
    },
  };
}

describe("the images of the test brokers", () => {
  it("have no reason against them once all are pulled", async () => {
    const store = storeOf(async (image, there) => void there.add(image));
    expect(await obtainImages(store, images, 60_000)).toBeUndefined();
  });

  it("are given up with the engine's words when one can't be pulled", async () => {
    const store = storeOf(async (image, there) => {
      if (image === "postgres:18") throw new Error("dial tcp: no such host ");
      there.add(image);
    });
    expect(await obtainImages(store, images, 60_000)).toBe("postgres:18: dial tcp: no such host");
  });

  it("are given up when a pull ends without an image", async () => {
    const store = storeOf(async () => undefined);
    expect(await obtainImages(store, images, 60_000)).toBe("postgres:18: No such image: postgres:18");
  });

  it("are given up when a registry doesn't answer in time", async () => {
    const store = storeOf(() => new Promise(() => undefined));
    expect(await obtainImages(store, images, 20)).toBe("no postgres:18 and apache/kafka:4.4.0 after 0.02 s");
  });
});
