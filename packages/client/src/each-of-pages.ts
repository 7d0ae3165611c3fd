export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor?: string | undefined;
}

/** Everything of a list, one page asked for after the other as it is needed. */
export async function* eachOfPages<T>(
  pageAfter: (cursor: string | undefined) => Promise<Page<T>>,
): AsyncGenerator<T, void> {
  let cursor: string | undefined;
  do {
    const page = await pageAfter(cursor);
    yield* page.data;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
